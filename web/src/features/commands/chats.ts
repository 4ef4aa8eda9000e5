import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import type { Conversation, Page } from '@/api/types'
import { conversationsKey } from '@/features/conversations/data'

/** The chats whose titles are here already, the last changed first. */
export function knownChats(client: QueryClient): Conversation[] {
  const byId = new Map<string, Conversation>()
  for (const [, data] of client.getQueriesData<InfiniteData<Page<Conversation>>>({ queryKey: conversationsKey })) {
    for (const page of data?.pages ?? []) for (const c of page.data) byId.set(c.id, c)
  }
  return [...byId.values()].filter((c) => c.status === 'active').sort((a, b) => b.updated_at.localeCompare(a.updated_at))
}
