import { useTranslation } from '@/i18n/useTranslation'
import { useFormat } from '../kit/format'
import type { UsageBy, UsageRow } from '../types'
import type { Measure } from './range'
import type { en } from '../strings/en'

/** How rows and figures of the usage are told. */
export function useTold() {
  const { t } = useTranslation('admin')
  const f = useFormat()
  const surface = (key: string) => (isSurface(key) ? t(`usage.surfaces.${key}`) : key)
  return {
    label: (by: UsageBy, { key, label }: Pick<UsageRow, 'key' | 'label'>) => {
      if (by === 'day') return new Date(key.slice(0, 10)).toLocaleDateString(f.language, { day: 'numeric', month: 'short', timeZone: 'UTC' })
      if (by === 'surface') return surface(key) || t('usage.unknown')
      if (by === 'user') return label || (key ? key : t('usage.gone'))
      return label || key || t('usage.unknown')
    },
    figure: (measure: Measure, n: number) => (measure === 'cost' ? f.usd(n) : measure === 'latency' ? f.seconds(n) : f.compact(n)),
  }
}

type Surface = keyof (typeof en)['usage']['surfaces']
const surfaces: Record<Surface, true> = { chat: true, openai: true, embeddings: true }
const isSurface = (key: string): key is Surface => key in surfaces
