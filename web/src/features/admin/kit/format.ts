import { useTranslation } from '@/i18n/useTranslation'
import { locale } from '@/i18n/setup'

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']

/** A size as people read it: 98,362,432 is "98 MB", 1,060,000,000 is "1.1 GB". */
export function bytes(n: number, language: string): string {
  const step = n < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3))
  let value = n / 1000 ** step
  let unit = step
  // 999.7 MB would be told as "1,000 MB".
  if (Math.round(value) >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: units[unit],
    unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: unit >= 3 && value < 100 ? 1 : 0,
  }).format(value)
}

/** How long the rest of a download takes, in seconds; null while that cannot be told. */
export function secondsLeft(done: number, total: number, perSecond: number): number | null {
  if (total <= 0 || perSecond <= 0) return null
  return Math.max(0, total - done) / perSecond
}

export interface Span {
  unit: 'second' | 'minute' | 'hour' | 'day'
  count: number
}

/** The largest unit that a span of time fills, rounded as one would say it: 95 s are "2 minutes". */
export function span(seconds: number): Span {
  if (seconds < 59.5) return { unit: 'second', count: Math.max(1, Math.round(seconds)) }
  if (seconds < 59.5 * 60) return { unit: 'minute', count: Math.max(1, Math.round(seconds / 60)) }
  if (seconds < 47.5 * 3600) return { unit: 'hour', count: Math.max(1, Math.round(seconds / 3600)) }
  return { unit: 'day', count: Math.round(seconds / 86_400) }
}

/** Whole per cent that is done, never 100 before the end. */
export const percent = (done: number, total: number) => (total <= 0 ? 0 : done >= total ? 100 : Math.min(99, Math.floor((done / total) * 100)))

/** The reader's way of writing numbers, sizes and times. */
export function useFormat() {
  const { i18n } = useTranslation('admin')
  const language = locale(i18n.language)
  return {
    language,
    bytes: (n: number) => bytes(n, language),
    number: (n: number) => n.toLocaleString(language),
    compact: (n: number) => n.toLocaleString(language, { notation: 'compact', maximumFractionDigits: 1 }),
    usd: (n: number) => n.toLocaleString(language, { style: 'currency', currency: 'USD', maximumFractionDigits: n !== 0 && n < 1 ? 4 : 2 }),
    percent: (n: number) => n.toLocaleString(language, { style: 'percent', maximumFractionDigits: 1 }),
    /** Milliseconds, told in seconds. */
    seconds: (ms: number) => new Intl.NumberFormat(language, { style: 'unit', unit: 'second', unitDisplay: 'narrow', maximumFractionDigits: ms < 10_000 ? 1 : 0 }).format(ms / 1000),
    span: (seconds: number) => {
      const { unit, count } = span(seconds)
      return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
    },
    date: (time: string) => new Date(time).toLocaleDateString(language, { dateStyle: 'medium' }),
    dateTime: (time: string) => new Date(time).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' }),
  }
}
