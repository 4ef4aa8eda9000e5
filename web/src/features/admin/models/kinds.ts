import type { TFunction } from 'i18next'

/** The kinds of models that the page has words for. */
export const kinds = ['chat', 'embed', 'rerank'] as const

const isKind = (kind: string): kind is (typeof kinds)[number] => (kinds as readonly string[]).includes(kind)

/** The kind of a model in the reader's words; one that the page does not know is told as it is. */
export const kindName = (t: TFunction<'admin'>, kind: string | undefined): string => (kind === undefined ? t('models.kinds.none') : isKind(kind) ? t(`models.kinds.${kind}`) : kind)
