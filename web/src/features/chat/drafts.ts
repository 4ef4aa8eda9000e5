import { useSyncExternalStore } from 'react'
import { tab } from '@/kit/storage'

// Drafts live as long as the tab: what is typed here is not left on the machine in clear text.
const prefix = 'parley.draft.'
const listeners = new Set<() => void>()

export const readDraft = (chat: string) => tab.get(prefix + chat) ?? ''

export function writeDraft(chat: string, text: string) {
  if (text) tab.set(prefix + chat, text)
  else tab.remove(prefix + chat)
  listeners.forEach((fn) => fn())
}

export function clearDrafts() {
  for (const key of tab.keys()) {
    if (key.startsWith(prefix)) tab.remove(key)
  }
  listeners.forEach((fn) => fn())
}

/** The unsent text of a chat, and a function that changes it. */
export function useDraft(chat: string): [string, (text: string) => void] {
  const text = useSyncExternalStore(
    (fn) => {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
    () => readDraft(chat),
  )
  return [text, (next) => writeDraft(chat, next)]
}
