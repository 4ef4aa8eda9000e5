import clsx from 'clsx'
import { Check, X } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Explained } from '@/api/types'

/** What became of a file when a question was looked up, step by step. */
export function WhySteps({ explained: e }: { explained: Explained }) {
  const { t } = useTranslation()
  const within = (rank: number, most: number) => rank > 0 && rank <= most
  const steps = [
    { done: e.state === 'ready', says: e.state === 'ready' ? t('why.ready') : t('why.notReady') },
    {
      done: within(e.by_words.rank, e.each),
      says: e.by_words.rank > 0 ? t('why.words', { rank: e.by_words.rank, count: e.each }) : t('why.noWords'),
    },
    {
      done: within(e.by_meaning.rank, e.each),
      says: e.by_meaning.rank > 0 ? t('why.meaning', { rank: e.by_meaning.rank, count: e.each }) : t('why.noMeaning', { count: e.by_meaning.looked_at }),
    },
    {
      done: within(e.ranked.rank, e.top_k),
      says: e.ranked.rank > 0 ? t('why.ranked', { rank: e.ranked.rank, count: e.top_k }) : t('why.notRanked'),
    },
  ]
  return (
    <>
      <p className="text-sm font-medium">{t(`why.verdict.${e.verdict}`)}</p>
      <ol className="mt-3 flex flex-col gap-2 text-sm">
        {steps.map(({ done, says }) => (
          <li key={says} className={clsx('flex items-start gap-2', !done && 'text-muted')}>
            {done ? <Check aria-label={t('why.yes')} className="mt-0.5 size-4 shrink-0 text-accent" /> : <X aria-label={t('why.no')} className="mt-0.5 size-4 shrink-0" />}
            {says}
          </li>
        ))}
      </ol>
      {e.best_passage && (
        <figure className="mt-4 border-s-2 border-line ps-3">
          <figcaption className="text-xs text-muted">{t('why.best')}</figcaption>
          <blockquote dir="auto" className="mt-1 line-clamp-6 text-sm wrap-anywhere whitespace-pre-wrap">
            {e.best_passage.text}
          </blockquote>
        </figure>
      )}
    </>
  )
}
