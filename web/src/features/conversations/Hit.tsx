import { useTranslation } from '@/i18n/useTranslation'
import type { SearchHit } from '@/api/types'
import { locale } from '@/i18n/setup'
import { marked, plain } from './marked'

/** A message that was found, with the words of the query marked. */
export function Hit({ hit, q }: { hit: SearchHit; q: string }) {
  const { t, i18n } = useTranslation()
  return (
    <>
      <div className="flex items-baseline justify-between gap-4">
        <span dir="auto" className="truncate text-sm font-medium">{hit.title || t('chat.untitled')}</span>
        <span className="shrink-0 text-xs text-muted">{new Date(hit.created_at).toLocaleDateString(locale(i18n.language), { day: 'numeric', month: 'short', year: 'numeric' })}</span>
      </div>
      <p dir="auto" className="mt-0.5 line-clamp-2 text-sm wrap-anywhere text-muted">
        {hit.role === 'user' && <span className="text-text">{t('search.you')}: </span>}
        {marked(plain(hit.snippet), q).map(({ text, hit: found }, i) =>
          found ? (
            <mark key={i} className="rounded-[0.2em] bg-accent-soft px-0.5 text-text">
              {text}
            </mark>
          ) : (
            text
          ),
        )}
      </p>
    </>
  )
}
