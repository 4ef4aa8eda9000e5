import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { Button } from '@/kit/Button'
import { locale } from '@/i18n/setup'
import { clip } from './clip'

/** Text as it was written, a part at a time. */
export function PlainText({ text }: { text: string }) {
  const { shown, more } = useClipped(text)
  return (
    <div>
      <div className="whitespace-pre-wrap">{shown}</div>
      {more && <More {...more} className="mt-3" />}
    </div>
  )
}

/** The beginning of a text, and how to see more of it; `more` is undefined when all of it is shown. */
export function useClipped(text: string): { shown: string; more?: { left: number; onMore: () => void } } {
  const [steps, setSteps] = useState(1)
  const end = clip(text, steps)
  if (end >= text.length) return { shown: text }
  return { shown: text.slice(0, end), more: { left: text.length - end, onMore: () => setSteps(steps + 1) } }
}

export function More({ left, onMore, className }: { left: number; onMore: () => void; className?: string }) {
  const { t, i18n } = useTranslation()
  return (
    <Button size="sm" onClick={onMore} className={className}>
      {t('markdown.more', { count: left, n: left.toLocaleString(locale(i18n.language)) })}
    </Button>
  )
}
