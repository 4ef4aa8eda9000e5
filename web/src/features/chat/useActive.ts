import { useCallback, useMemo } from 'react'
import { errorText } from '@/api/errorText'
import type { Message } from '@/api/types'
import { toast } from '@/kit/toasts'
import type { Pending } from './asker'
import { pairOf, usePairs } from './pairs'
import { turns } from './turns'
import { useRunning } from './useTurn'

/** The answer on its way in the branch that is shown, and a function that stops it, or both of a pair. */
export function useActive(path: readonly Message[], pending: Pending | null) {
  const running = useRunning()
  const last = path.at(-1)
  const pair = pairOf(usePairs(), last?.role === 'assistant' ? last.id : '')
  const all = useMemo(() => {
    const ids = path.flatMap((m) => (running.includes(m.id) ? [m.id] : []))
    for (const id of pair ? [pair.left, pair.right] : []) {
      if (running.includes(id) && !ids.includes(id)) ids.push(id)
    }
    return pending ? [pending.ticket, ...ids] : ids
  }, [path, running, pair, pending])
  const stop = useCallback(() => {
    for (const id of all) turns.cancel(id).catch((err: unknown) => toast({ tone: 'danger', text: errorText(err) }))
  }, [all])
  return { active: all[0], stop }
}
