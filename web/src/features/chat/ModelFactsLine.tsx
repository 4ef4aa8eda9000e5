import clsx from 'clsx'
import { useTranslation } from '@/i18n/useTranslation'
import type { ModelFacts } from '@/api/types'
import { locale } from '@/i18n/setup'
import { sizeText } from './files'

/** What a model is and needs, in one line: whether it is loaded, its size, context, place and price. */
export function ModelFactsLine({ facts }: { facts: ModelFacts }) {
  const { t, i18n } = useTranslation()
  const language = locale(i18n.language)
  const words: string[] = []
  if (facts.base) words.push(t('models.adapterOf', { base: facts.base }))
  if (facts.parameters) words.push(t('models.parameters', { n: parametersText(facts.parameters, language) }))
  if (facts.quantisation) words.push(facts.quantisation)
  if (facts.size_bytes) words.push(sizeText(facts.size_bytes, language))
  if (facts.context) words.push(t('models.context', { n: facts.context.toLocaleString(language) }))
  if (facts.vision) words.push(t('models.vision'))
  words.push(facts.price ? t('models.here') : t('models.freeHere'))
  return (
    <p className="mt-1 text-xs text-muted tabular-nums">
      <span aria-hidden="true" className={clsx('me-1.5 inline-block size-1.5 -translate-y-px rounded-full', facts.loaded ? 'bg-accent' : 'bg-edge')} />
      {facts.loaded ? t('models.loaded') : t('models.notLoaded')} · {words.join(' · ')}
    </p>
  )
}

function parametersText(value: number, language: string): string {
  return new Intl.NumberFormat(language, { notation: 'compact', maximumSignificantDigits: 2 }).format(value)
}
