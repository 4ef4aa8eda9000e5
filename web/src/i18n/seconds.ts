import { locale } from './setup'

// One is kept: to make one takes a millisecond, and every answer shows how long it took.
let kept: { language: string; format: Intl.NumberFormat } | undefined

/** Milliseconds as a number of seconds to a tenth, in the reader's way to write it. */
export function seconds(ms: number, language: string): string {
  if (kept?.language !== language) kept = { language, format: new Intl.NumberFormat(locale(language), { maximumFractionDigits: 1 }) }
  return kept.format.format(Math.max(ms / 1000, 0.1))
}
