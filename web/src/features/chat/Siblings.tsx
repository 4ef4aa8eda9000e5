import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '@/kit/IconButton'
import type { Place } from './tree'

/** The arrows between the versions of a message; nothing where there is one only. */
export function Siblings({ place, onShow }: { place: Place; onShow: (id: string) => void }) {
  const { t } = useTranslation()
  const { n, total, previous, next } = place
  if (total < 2) return null
  return (
    <div role="group" aria-label={t('chat.version', { n, total })} className="flex items-center text-sm text-muted">
      <IconButton icon={ChevronLeft} size="sm" label={t('chat.previous')} disabled={!previous} onClick={() => previous && onShow(previous)} className="rtl:-scale-x-100" />
      <span className="min-w-8 text-center tabular-nums">
        {n}/{total}
      </span>
      <IconButton icon={ChevronRight} size="sm" label={t('chat.next')} disabled={!next} onClick={() => next && onShow(next)} className="rtl:-scale-x-100" />
    </div>
  )
}
