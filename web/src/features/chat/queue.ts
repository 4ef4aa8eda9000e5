import { useSyncExternalStore } from 'react'
import { tab } from '@/kit/storage'

/** A message that waits for the answer before it. */
export interface Queued {
  id: string
  text: string
  model?: string
  /** The knowledge base that it is answered from, '' for all of them. */
  knowledge?: string
}

// Like drafts, queues live as long as the tab.
const prefix = 'parley.queue.'
const none: readonly Queued[] = []
const cache = new Map<string, readonly Queued[]>()
const listeners = new Set<() => void>()

function set(chat: string, list: readonly Queued[]) {
  cache.set(chat, list)
  if (list.length > 0) tab.set(prefix + chat, JSON.stringify(list))
  else tab.remove(prefix + chat)
  listeners.forEach((fn) => fn())
}

/** The messages that wait in a chat, in the order in which they are sent. */
export function queueOf(chat: string): readonly Queued[] {
  const known = cache.get(chat)
  if (known) return known
  let list = none
  try {
    list = JSON.parse(tab.get(prefix + chat) ?? '[]') as Queued[]
  } catch {
    // What cannot be read was not written here.
  }
  cache.set(chat, list)
  return list
}

export const enqueue = (chat: string, message: Omit<Queued, 'id'>) => set(chat, [...queueOf(chat), { ...message, id: crypto.randomUUID() }])

export const unqueue = (chat: string, id: string) => set(chat, queueOf(chat).filter((m) => m.id !== id))

/** Puts a message back before all others. */
export const requeue = (chat: string, message: Queued) => set(chat, [message, ...queueOf(chat)])

/** A new chat has got its id. */
export function moveQueue(from: string, to: string) {
  const list = queueOf(from)
  if (list.length === 0) return
  set(to, [...queueOf(to), ...list])
  set(from, none)
}

export function clearQueues() {
  for (const key of tab.keys()) {
    if (key.startsWith(prefix)) tab.remove(key)
  }
  cache.clear()
  listeners.forEach((fn) => fn())
}

export function useQueue(chat: string): readonly Queued[] {
  return useSyncExternalStore(
    (fn) => {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
    () => queueOf(chat),
  )
}
