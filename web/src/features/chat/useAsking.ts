import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react'
import { asker, type Ask } from './asker'

/** Asks in the chat that is open, '' for a new one, and of which knowledge base, and tells what stands in the way. */
export function useAsking(chat: string, onNewChat: (id: string) => void, knowledge?: string) {
  const client = useQueryClient()
  const pending = useSyncExternalStore(asker.subscribe, () => asker.pendingOf(chat))
  const problem = useSyncExternalStore(asker.subscribe, () => asker.problemOf(chat))
  const open = useRef(chat)
  useEffect(() => {
    open.current = chat
  }, [chat])
  const ask = useCallback(
    (what: Ask) =>
      asker.ask(client, chat, {
        knowledge,
        ...what,
        onNew: (id) => {
          if (open.current === '') onNewChat(id)
        },
      }),
    [chat, client, onNewChat, knowledge],
  )
  return { ask, pending: pending ?? null, problem: problem ?? null, dismiss: () => asker.dismiss(chat) }
}
