import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useLayoutEffect, useRef } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { IconButton } from '@/kit/IconButton'
import type { Place } from './tree'

type Way = 'previous' | 'next'

// The version that an arrow leads to stands in a row of its own, where the focus goes on.
let arriving: { id: string; way: Way } | undefined

interface Props {
  /** The message that is shown. */
  id: string
  place: Place
  onShow: (id: string) => void
}

/** The arrows between the versions of a message; nothing where there is one only. */
export function Siblings({ id, place, onShow }: Props) {
  const { t } = useTranslation()
  const arrows = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (arriving?.id !== id) return
    const [previous, next] = arrows.current?.querySelectorAll('button') ?? []
    const same = arriving.way === 'previous' ? previous : next
    const open = same?.disabled ? (same === previous ? next : previous) : same
    arriving = undefined
    open?.focus({ preventScroll: true })
  }, [id])
  const { n, total } = place
  if (total < 2) return null
  const go = (way: Way) => {
    const to = place[way]
    if (!to) return
    arriving = { id: to, way }
    onShow(to)
  }
  return (
    <div ref={arrows} role="group" aria-label={t('chat.version', { n, total })} className="flex items-center text-sm text-muted">
      <IconButton icon={ChevronLeft} size="sm" label={t('chat.previous')} disabled={!place.previous} onClick={() => go('previous')} className="rtl:-scale-x-100" />
      <span className="min-w-8 text-center tabular-nums">
        {n}/{total}
      </span>
      <IconButton icon={ChevronRight} size="sm" label={t('chat.next')} disabled={!place.next} onClick={() => go('next')} className="rtl:-scale-x-100" />
    </div>
  )
}
