import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { call } from '@/api/client'
import { tab } from '@/kit/storage'
import { forgetConversations } from './data'

// Kept for this tab, so that a reload in the time of undoing ends in what the reader asked for.
const key = 'parley.doomed'
let ids: ReadonlySet<string> = new Set()
const listeners = new Set<() => void>()

function set(next: ReadonlySet<string>) {
  ids = next
  if (next.size > 0) tab.set(key, [...next].join(' '))
  else tab.remove(key)
  listeners.forEach((fn) => fn())
}

/** The chats that the reader has deleted and can still bring back. They are shown nowhere. */
export function useDoomed(): ReadonlySet<string> {
  return useSyncExternalStore(
    (fn) => {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
    () => ids,
  )
}

export const doom = (more: readonly string[]) => set(new Set([...ids, ...more]))

export const spare = (some: readonly string[]) => set(new Set([...ids].filter((id) => !some.includes(id))))

/** As many as the server takes at once. */
const most = 500

const erase = (some: readonly string[]) => call<void>('/v1/conversations/delete', { method: 'POST', body: { ids: some }, keepalive: true })

/** Deletes chats for good. It returns those that the server did not delete, with why. */
export async function execute(some: readonly string[]): Promise<{ failed: string[]; error?: unknown }> {
  const failed: string[] = []
  let error: unknown
  for (let i = 0; i < some.length; i += most) {
    const part = some.slice(i, i + most)
    try {
      await erase(part)
    } catch (err) {
      error = err
      failed.push(...part)
    }
  }
  return { failed, error }
}

/** Ends what a reload interrupted, and has the deletions sent when the page goes away. */
export function watchDoomed(client: QueryClient): () => void {
  const left = tab.get(key)?.split(' ').filter(Boolean) ?? []
  if (left.length > 0) {
    set(new Set(left))
    void execute(left).then(({ failed }) => {
      // The list may have been fetched before they were gone.
      forgetConversations(client, left.filter((id) => !failed.includes(id)))
      spare(left)
    })
  }
  const leave = () => {
    const all = [...ids]
    // All at once: what comes later would find the page gone.
    for (let i = 0; i < all.length; i += most) erase(all.slice(i, i + most)).catch(() => {})
  }
  addEventListener('pagehide', leave)
  return () => removeEventListener('pagehide', leave)
}

/** Deletes at once what could still have been brought back, as before signing out. */
export async function executeAll() {
  const all = [...ids]
  await execute(all)
  spare(all)
}
