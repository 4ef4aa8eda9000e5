import { queryOptions } from '@tanstack/react-query'
import { get } from '@/api/client'
import type { Check, Health } from '../types'

export const healthQuery = queryOptions({
  queryKey: ['admin', 'health'],
  queryFn: ({ signal }) => get<Health>('/v1/admin/health', {}, signal),
  refetchInterval: 10_000,
})

/** The worst of the checks. */
export function verdict(checks: Check[]): Check['state'] {
  if (checks.some((c) => c.state === 'fail')) return 'fail'
  return checks.some((c) => c.state === 'warn') ? 'warn' : 'ok'
}

const rank: Record<Check['state'], number> = { fail: 0, warn: 1, ok: 2 }

/** The checks with what is wrong first. */
export const worstFirst = (checks: Check[]) => [...checks].sort((a, b) => rank[a.state] - rank[b.state])

/** Whether a fix can be run as it stands; others are advice in words. */
export const isCommand = (fix: string) => /^(parley|bin\/parley|make|sudo|docker|apt|chmod|chown|mkdir) /.test(fix)
