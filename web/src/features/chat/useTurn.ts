import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import type { Message } from '@/api/types'
import { asker } from './asker'
import { turns, type Turn } from './turns'

/** The turn of an answer, while this tab follows it and afterwards. */
export function useTurn(id: string): Turn | undefined {
  return useSyncExternalStore(
    useCallback((fn) => turns.subscribe(id, fn), [id]),
    () => turns.get(id),
  )
}

export function useRunning(): readonly string[] {
  return useSyncExternalStore(turns.subscribeRunning, () => turns.running)
}

/** Follows the answers that were on their way when the conversation was opened. */
export function useResume(messages: readonly Message[]) {
  const client = useQueryClient()
  const tries = useRetries()
  useEffect(() => {
    for (const m of messages) {
      if (m.status !== 'streaming') continue
      const known = turns.get(m.id)
      if (known && known.phase !== 'failed') continue
      asker.follows(m.conversation_id, m.id)
      void turns.attach(m.id).then((mine) => {
        if (mine) asker.ended(client, m.conversation_id, m.id, turns.get(m.id))
      })
    }
  }, [messages, tries, client])
}

// Counts the moments at which a connection that was given up is worth another try.
function useRetries(): number {
  const [tries, setTries] = useState(0)
  useEffect(() => {
    const retry = () => setTries((n) => n + 1)
    const timer = setInterval(retry, 20_000)
    addEventListener('online', retry)
    addEventListener('focus', retry)
    return () => {
      clearInterval(timer)
      removeEventListener('online', retry)
      removeEventListener('focus', retry)
    }
  }, [])
  return tries
}
