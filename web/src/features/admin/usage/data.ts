import { queryOptions } from '@tanstack/react-query'
import { get } from '@/api/client'
import type { Usage, UsageBy, UsageFigures } from '../types'
import { times, type Measure } from './range'

export const usageQuery = (from: string, to: string, by: UsageBy) =>
  queryOptions({
    queryKey: ['admin', 'usage', from, to, by],
    enabled: from <= to,
    queryFn: ({ signal }) => get<Usage>('/v1/admin/usage', { ...times(from, to), by }, signal),
  })

const empty: UsageFigures = { requests: 0, input_tokens: 0, cached_tokens: 0, output_tokens: 0, cost_usd: 0, avg_latency_ms: 0, errors: 0 }

/** The rows of a usage by day with those days on which nothing was asked, which the server leaves out. */
export function everyDay(rows: Usage['rows'], all: string[]): Usage['rows'] {
  const known = new Map(rows.map((r) => [r.key.slice(0, 10), r]))
  return all.map((day) => known.get(day) ?? { key: day, label: day, ...empty })
}

/** One figure of a row. */
export function figure(row: UsageFigures, measure: Measure): number {
  switch (measure) {
    case 'requests':
      return row.requests
    case 'tokens':
      return row.input_tokens + row.output_tokens
    case 'cost':
      return row.cost_usd
    case 'latency':
      return row.avg_latency_ms
    case 'errors':
      return row.errors
  }
}
