import { createContext, useContext } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { scrolling } from '@/kit/media'
import { nothingShared } from './parse/parser'

/** The numbers of the footnotes of the text around. */
export const NoteNumbers = createContext(nothingShared.notes)

/** The raised number that leads to a footnote. */
export function NoteMark({ name }: { name: string }) {
  const { t } = useTranslation()
  const n = useContext(NoteNumbers)[name]
  return (
    // Between the word, the number and the full stop no line ends.
    <sup className="whitespace-nowrap">
      {'\u2060'}
      <button type="button" data-note-mark={n} aria-label={t('markdown.note', { n })} onClick={(e) => visit(e.currentTarget, `[data-note="${n}"]`)} className="note-mark">
        {n}
      </button>
      {'\u2060'}
    </sup>
  )
}

/** Goes to another place of the same text. */
export function visit(from: HTMLElement, selector: string) {
  const target = from.closest('.prose')?.querySelector<HTMLElement>(selector)
  target?.focus({ preventScroll: true })
  target?.scrollIntoView({ block: 'center', behavior: scrolling() })
}
