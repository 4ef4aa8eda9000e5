import { useContext } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { tip } from '@/kit/Tooltip'
import { Citing } from './citing'

// How much of what is quoted a tooltip shows, in characters.
const glimpse = 240

/** A citation in a text, which opens what it names. Where there is no such source it is the text that it is. */
export function CiteMark({ text }: { text: string }) {
  const { t } = useTranslation()
  const { sources, open } = useContext(Citing)
  const named = text.match(/S\d+/g)?.map((label) => sources.find((s) => s.label === label)) ?? []
  if (!named.every((s) => s !== undefined)) return text
  return (
    <span className="whitespace-nowrap">
      {named.map((s) => (
        <button
          key={s.label}
          type="button"
          aria-label={t('knowledge.cited', { label: s.label, title: s.title || s.filename })}
          {...tip(s.quote.length > glimpse ? `${s.quote.slice(0, glimpse)}…` : s.quote, undefined, 'top')}
          onClick={() => open(s)}
          className="cite-mark"
        >
          {s.label}
        </button>
      ))}
    </span>
  )
}
