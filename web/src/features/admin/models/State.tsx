import { useTranslation } from '@/i18n/useTranslation'
import { Badge } from '../kit/Badge'
import { percent, secondsLeft, useFormat } from '../kit/format'
import { Meter } from '../kit/Meter'
import type { Model, ModelState, Progress } from '../types'

/** Where a model is between the catalogue and the memory, in a word or as a bar. */
export function ModelStatus({ model: m }: { model: Model }) {
  const { t } = useTranslation('admin')
  if (m.loaded) return <Badge tone="good">{t('models.loaded')}</Badge>
  if (m.state === 'available') return <span className="whitespace-nowrap text-muted">{t('models.states.available')}</span>
  if (m.state === 'installed') return <Badge>{t('models.states.installed')}</Badge>
  if (m.state === 'failed') return <Badge tone="danger">{t('models.states.failed')}</Badge>
  return <Download of={m} brief />
}

interface Coming {
  id: string
  state: ModelState
  size_bytes: number
  progress: Progress | null
}

/** How far a download has come, how fast it is and how long it still takes. */
export function Download({ of: m, brief = false }: { of: Coming; brief?: boolean }) {
  const { t } = useTranslation('admin')
  const { bytes, span } = useFormat()
  const done = m.progress?.done_bytes ?? 0
  const total = m.progress?.total_bytes || m.size_bytes
  const left = secondsLeft(done, total, m.progress?.bytes_per_second ?? 0)
  const part = percent(done, total)
  const word = m.state === 'downloading' ? `${part} %` : t(`models.states.${m.state}`)
  const told = t('models.of', { done: bytes(done), total: bytes(total) })
  const speed = m.state === 'downloading' && m.progress?.bytes_per_second ? t('models.speed', { speed: bytes(m.progress.bytes_per_second) }) : ''
  const rest = m.state === 'downloading' && left !== null ? t('models.left', { time: span(left) }) : ''
  return (
    <div className="min-w-36 tabular-nums">
      <div className="flex items-baseline justify-between gap-3 text-xs whitespace-nowrap">
        <span className="font-medium">{word}</span>
        <span className="text-muted">{brief ? rest : told}</span>
      </div>
      <Meter progress value={total > 0 ? done / total : 0} label={t('models.download', { id: m.id })} text={`${part} %, ${told}`} tone={m.state === 'paused' ? 'warn' : 'good'} className="mt-1" />
      {!brief && (speed || rest) && <p className="mt-1 text-xs text-muted">{[speed, rest].filter(Boolean).join(' · ')}</p>}
    </div>
  )
}
