import type { Check, Health, Invitation, Model, Usage } from '../types'

export type Attention =
  | { kind: 'check'; state: Check['state']; check: Check }
  | { kind: 'expired'; count: number }
  | { kind: 'failed'; id: string }
  | { kind: 'coming'; id: string }
  | { kind: 'noModel' }
  | { kind: 'errors'; part: number }

/** Which part of the requests may fail before it is worth a word, and of how many at least. */
const tolerated = { part: 0.05, of: 20 }

/** Collects what somebody should look at, the worst first. What is not known, or not theirs to see, is left out. */
export function attention(known: { health?: Health; models?: Model[]; invitations?: Invitation[]; week?: Usage }): Attention[] {
  const { health, models, invitations, week } = known
  const checks = (state: Check['state']): Attention[] => (health?.checks ?? []).filter((c) => c.state === state).map((check) => ({ kind: 'check', state, check }))
  const list: Attention[] = checks('fail')
  if (models && !models.some((m) => m.kind === 'chat' && m.installed)) list.push({ kind: 'noModel' })
  for (const m of models ?? []) if (m.state === 'failed') list.push({ kind: 'failed', id: m.id })
  if (week && week.total.requests >= tolerated.of && week.total.errors / week.total.requests > tolerated.part) {
    list.push({ kind: 'errors', part: week.total.errors / week.total.requests })
  }
  list.push(...checks('warn'))
  const expired = (invitations ?? []).filter((i) => i.state === 'expired').length
  if (expired > 0) list.push({ kind: 'expired', count: expired })
  for (const m of models ?? []) if (m.state === 'downloading' || m.state === 'queued' || m.state === 'verifying') list.push({ kind: 'coming', id: m.id })
  return list
}

/** The change from before to now as a part of before; null where there is nothing to compare with. */
export const change = (before: number, now: number): number | null => (before > 0 ? (now - before) / before : null)
