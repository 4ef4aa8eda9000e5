import { usageKinds, type UsageBy } from '../types'
import type { Search } from '../kit/list'

export const ranges = { week: 7, month: 30, quarter: 90 } as const
export type Range = keyof typeof ranges | 'custom'

export const measures = ['requests', 'tokens', 'cost', 'latency', 'errors'] as const
export type Measure = (typeof measures)[number]

export interface UsageState {
  range: Range
  /** The first and the last day, as "2026-11-23". */
  from: string
  to: string
  by: UsageBy
  measure: Measure
}

const isDay = (text: string | undefined): text is string => text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))

const oneDay = 86_400_000

/** The day of a time, and so many later. Days are those of UTC here, since the server counts by them. */
export const dayOf = (time: Date, add = 0): string => new Date(time.getTime() + add * oneDay).toISOString().slice(0, 10)

/** Reads what the usage page shows from its address. A range of its own needs both of its days. */
export function readUsage(search: Search, now = new Date()): UsageState {
  const by = usageKinds.find((k) => k === search.by) ?? 'day'
  const measure = measures.find((m) => m === search.measure) ?? 'requests'
  if (search.range === 'custom' && isDay(search.from) && isDay(search.to)) return { range: 'custom', from: search.from, to: search.to, by, measure }
  const range = search.range === 'month' || search.range === 'quarter' ? search.range : 'week'
  return { range, from: dayOf(now, 1 - ranges[range]), to: dayOf(now), by, measure }
}

/** The same, for the address. */
export function writeUsage({ range, from, to, by, measure }: UsageState): Search {
  return {
    range: range === 'week' ? undefined : range,
    from: range === 'custom' ? from : undefined,
    to: range === 'custom' ? to : undefined,
    by: by === 'day' ? undefined : by,
    measure: measure === 'requests' ? undefined : measure,
  }
}

/** The times that the server is asked for: from the first moment of the first day to the last of the last. */
export const times = (from: string, to: string) => ({ from: `${from}T00:00:00Z`, to: `${dayOf(new Date(to), 1)}T00:00:00Z` })

/** Every day from the first to the last, at most 400. */
export function days(from: string, to: string): string[] {
  const count = Math.min(400, (Date.parse(to) - Date.parse(from)) / oneDay + 1)
  return Array.from({ length: Math.max(0, count) }, (_, i) => dayOf(new Date(from), i))
}
