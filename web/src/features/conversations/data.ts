import { queryOptions, useInfiniteQuery, useMutation, useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { del, get, patch } from '@/api/client'
import type { Conversation, ConversationPatch, Page, SearchHit } from '@/api/types'

export const conversationsKey = ['conversations']
export const conversationKey = (id: string) => ['conversation', id]

const path = (id: string) => `/v1/conversations/${encodeURIComponent(id)}`

export const conversationQuery = (id: string) =>
  queryOptions({ queryKey: conversationKey(id), queryFn: ({ signal }) => get<Conversation>(path(id), {}, signal) })

/** The conversations, newest first, page by page. */
export function useConversations(archived: boolean) {
  return useInfiniteQuery({
    queryKey: [...conversationsKey, { archived }],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      get<Page<Conversation>>('/v1/conversations', { limit: 50, archived, cursor: pageParam }, signal),
    getNextPageParam: (page) => page.next_cursor || undefined,
    select: (data) => data.pages.flatMap((page) => page.data),
  })
}

type Pages = InfiniteData<Page<Conversation>>

// Changes every cached list at once; the server's answer follows.
function editLists(edit: (list: Conversation[]) => Conversation[]) {
  return (old: Pages | undefined) => old && { ...old, pages: old.pages.map((page) => ({ ...page, data: edit(page.data) })) }
}

/** Changes a conversation: at once on the page, back again when the server refuses. */
export function useChangeConversation() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, change }: { id: string; change: ConversationPatch }) => patch<Conversation>(path(id), change),
    onMutate: async ({ id, change }) => {
      await client.cancelQueries({ queryKey: conversationsKey })
      const edit = editLists((list) =>
        change.status ? list.filter((c) => c.id !== id) : list.map((c) => (c.id === id ? { ...c, ...change } : c)),
      )
      client.setQueriesData<Pages>({ queryKey: conversationsKey }, edit)
      client.setQueryData<Conversation>(conversationKey(id), (old) => old && { ...old, ...change })
    },
    onSettled: (_data, _err, { id }) => {
      void client.invalidateQueries({ queryKey: conversationsKey })
      void client.invalidateQueries({ queryKey: conversationKey(id) })
    },
  })
}

export function useDeleteConversation() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => del(path(id)),
    onSuccess: (_none, id) => {
      client.setQueriesData<Pages>({ queryKey: conversationsKey }, editLists((list) => list.filter((c) => c.id !== id)))
      client.removeQueries({ queryKey: conversationKey(id) })
      client.removeQueries({ queryKey: ['messages', id] })
      void client.invalidateQueries({ queryKey: conversationsKey })
    },
  })
}

export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ['search', q],
    enabled: q.length > 0,
    queryFn: ({ signal }) => get<Page<SearchHit>>('/v1/conversations/search', { q, limit: 20 }, signal).then((page) => page.data),
  })
