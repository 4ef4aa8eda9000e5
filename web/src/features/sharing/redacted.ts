import type { TFunction } from 'i18next'

const kinds = ['email', 'phone', 'card', 'iban', 'ip', 'secret'] as const

/** What a kind of redaction is called. */
export function kindName(kind: string, t: TFunction): string {
  const known = kinds.find((k) => k === kind)
  return known ? t(`share.kinds.${known}`) : kind
}

const mark = /(\[(?:email|phone|card|iban|ip|secret)\])/

/** A text in parts, those that stand for something taken out told apart. */
export function redactedParts(text: string): { text: string; redacted: boolean }[] {
  return text
    .split(mark)
    .map((part, i) => ({ text: part, redacted: i % 2 === 1 }))
    .filter((part) => part.text !== '')
}
