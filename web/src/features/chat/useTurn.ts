import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '@/api/types'
import { announce } from '@/kit/announce'
import { rememberEnd } from './data'
import { turns, type Turn } from './turns'
import { outcome } from './useAsking'

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
  const { t } = useTranslation()
  const tries = useRetries()
  useEffect(() => {
    for (const m of messages) {
      if (m.status !== 'streaming') continue
      const known = turns.get(m.id)
      if (known && known.phase !== 'failed') continue
      void turns.attach(m.id).then((mine) => {
        if (!mine) return
        const turn = turns.get(m.id)
        rememberEnd(client, m.conversation_id, m.id, turn)
        if (turn) announce(t(outcome(turn)))
      })
    }
  }, [messages, tries, client, t])
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
