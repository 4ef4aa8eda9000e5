import { queryOptions, useInfiniteQuery, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { del, get, patch, post } from '@/api/client'
import type { Conversation, ConversationPatch, Folder, Page, SearchHit } from '@/api/types'
import { put, withFirst, without, type Filter, type Pages } from './lists'

export const conversationsKey = ['conversations']
export const foldersKey = ['folders']
export const conversationKey = (id: string) => ['conversation', id]

export const conversationPath = (id: string) => `/v1/conversations/${encodeURIComponent(id)}`
const folderPath = (id: string) => `/v1/folders/${encodeURIComponent(id)}`

export const conversationQuery = (id: string) =>
  queryOptions({ queryKey: conversationKey(id), queryFn: ({ signal }) => get<Conversation>(conversationPath(id), {}, signal) })

const fetchPage = (filter: Filter, cursor: string, signal?: AbortSignal) =>
  get<Page<Conversation>>('/v1/conversations', { limit: 200, archived: filter.archived, folder: filter.folder, cursor }, signal)

const flat = (data: Pages) => data.pages.flatMap((page) => page.data)

/** The conversations of a list, newest first, page by page. It is fetched anew by `freshen` only. */
export function useConversations(filter: Filter) {
  return useInfiniteQuery({
    queryKey: [...conversationsKey, filter],
    initialPageParam: '',
    staleTime: Infinity,
    structuralSharing: false,
    refetchOnReconnect: false,
    queryFn: ({ pageParam, signal }) => fetchPage(filter, pageParam, signal),
    getNextPageParam: (page) => page.next_cursor || undefined,
    select: flat,
  })
}

/** The folders of chats, by name. */
export function useFolders() {
  return useQuery({
    queryKey: foldersKey,
    staleTime: 60_000,
    queryFn: () => get<Page<Folder>>('/v1/folders').then((page) => page.data.sort((a, b) => a.name.localeCompare(b.name))),
  })
}

// Counts the changes made on the page, so that an answer from before the last one is not believed.
let edits = 0

/** Has the lists of chats show what the server has, without fetching again what lies beyond their first page. */
export function freshen(client: QueryClient) {
  void client.invalidateQueries({ queryKey: foldersKey })
  for (const query of client.getQueryCache().findAll({ queryKey: conversationsKey })) {
    const pages = (query.state.data as Pages | undefined)?.pages.length ?? 0
    if (pages > 1 && query.isActive()) void freshenFirst(client, query.queryKey)
    // A first answer on its way is from before the change, and would not be asked for again.
    else if (pages === 0) void client.resetQueries({ queryKey: query.queryKey, exact: true })
    else {
      if (pages > 1) client.setQueryData<Pages>(query.queryKey, (old) => old && { pages: old.pages.slice(0, 1), pageParams: [''] })
      void client.invalidateQueries({ queryKey: query.queryKey, exact: true })
    }
  }
}

async function freshenFirst(client: QueryClient, key: readonly unknown[]) {
  try {
    for (;;) {
      const seen = edits
      const first = await fetchPage(key[1] as Filter, '')
      if (seen !== edits) continue
      client.setQueryData<Pages>(key, (old) => old && withFirst(old, first))
      return
    }
  } catch {
    // The list stays as it is; the next change tries again.
  }
}

/** Edits every list in the cache. */
function editLists(client: QueryClient, edit: (pages: Pages, filter: Filter) => Pages) {
  edits++
  for (const [key, pages] of client.getQueriesData<Pages>({ queryKey: conversationsKey })) {
    if (pages) client.setQueryData<Pages>(key, edit(pages, key[1] as Filter))
  }
}

/** Returns a function that changes a conversation: at once on the page, back again when the server refuses. */
export function useChangeConversation() {
  const client = useQueryClient()
  return async (c: Conversation, change: ConversationPatch) => {
    await Promise.all([client.cancelQueries({ queryKey: conversationsKey }), client.cancelQueries({ queryKey: conversationKey(c.id) })])
    const show = (next: Conversation) => {
      editLists(client, (pages, filter) => put(pages, filter, next))
      client.setQueryData<Conversation>(conversationKey(c.id), (old) => old && { ...old, ...change, ...(next === c && c) })
    }
    show({ ...c, ...change })
    try {
      await patch<Conversation>(conversationPath(c.id), change)
    } catch (err) {
      show(c)
      throw err
    }
  }
}

/** Takes deleted conversations out of the cache. */
export function forgetConversations(client: QueryClient, ids: readonly string[]) {
  const gone = new Set(ids)
  editLists(client, (pages) => without(pages, gone))
  for (const id of ids) {
    client.removeQueries({ queryKey: conversationKey(id) })
    client.removeQueries({ queryKey: ['messages', id] })
  }
  freshen(client)
}

/** Returns functions that make, rename and delete a folder. */
export function useFolderChanges() {
  const client = useQueryClient()
  const edit = (fn: (list: Folder[]) => Folder[]) => client.setQueryData<Folder[]>(foldersKey, (old) => old && fn(old))
  const settle = () => client.invalidateQueries({ queryKey: foldersKey })
  return {
    make: async (name: string) => {
      const made = await post<Folder>('/v1/folders', { name })
      edit((list) => [...list, made].sort((a, b) => a.name.localeCompare(b.name)))
      return made
    },
    rename: async (id: string, name: string) => {
      edit((list) => list.map((f) => (f.id === id ? { ...f, name } : f)))
      await patch<Folder>(folderPath(id), { name }).finally(() => void settle())
    },
    remove: async (id: string) => {
      edit((list) => list.filter((f) => f.id !== id))
      await del(folderPath(id)).finally(() => freshen(client))
    },
  }
}

export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ['search', q],
    enabled: q.length > 0,
    queryFn: ({ signal }) => get<Page<SearchHit>>('/v1/conversations/search', { q, limit: 20 }, signal).then((page) => page.data),
  })
