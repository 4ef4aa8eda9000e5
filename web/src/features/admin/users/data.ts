import { useInfiniteQuery, useMutation, useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { del, get, patch } from '@/api/client'
import type { Page } from '@/api/types'
import type { Session, User, UserPage, UserPatch } from '../types'

const usersKey = ['admin', 'users']
const listKey = [...usersKey, 'list']
const userKey = (id: string) => [...usersKey, 'one', id]
const sessionsKey = (id: string) => [...usersKey, 'sessions', id]

export const userPath = (id: string) => `/v1/admin/users/${encodeURIComponent(id)}`

export interface UserQuery {
  q?: string
  role?: string
  group?: string
  status?: string
  /** A column, with a minus before it downwards; else the oldest account comes first. */
  sort?: string
}

type Pages = InfiniteData<UserPage>

const pageSize = 100

/** The organisation's users, page by page. */
export function useUsers(query: UserQuery, enabled = true) {
  return useInfiniteQuery({
    queryKey: [...listKey, query],
    enabled,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => get<UserPage>('/v1/admin/users', { ...query, limit: pageSize, cursor: pageParam }, signal),
    getNextPageParam: (page) => page.next_cursor || undefined,
    select: (data) => {
      const total = data.pages.at(-1)?.total ?? 0
      return { rows: data.pages.flatMap((page) => page.data), total, onePage: total <= pageSize }
    },
    placeholderData: (old) => old,
  })
}

/** How many users there are. */
export const useUserCount = () =>
  useQuery({ queryKey: [...usersKey, 'count'], queryFn: ({ signal }) => get<UserPage>('/v1/admin/users', { limit: 1 }, signal).then((page) => page.total) })

/** One user: as the list told it, until the server has. */
export function useUser(id: string) {
  const client = useQueryClient()
  return useQuery<User>({
    queryKey: userKey(id),
    queryFn: ({ signal }) => get<User>(userPath(id), {}, signal),
    placeholderData: () =>
      client
        .getQueriesData<Pages>({ queryKey: listKey })
        .flatMap(([, data]) => data?.pages.flatMap((page) => page.data) ?? [])
        .find((u) => u.id === id),
  })
}

/** Fetches anew whatever tells of users: lists, groups with their counts. */
export function useUsersChanged() {
  const client = useQueryClient()
  return () => Promise.all([client.invalidateQueries({ queryKey: usersKey }), client.invalidateQueries({ queryKey: ['admin', 'groups'] })])
}

/** Changes a user: at once on the page, and back when the server refuses. */
export function useChangeUser() {
  const client = useQueryClient()
  const changed = useUsersChanged()
  return useMutation({
    mutationFn: ({ id, change }: { id: string; change: UserPatch }) => patch<User>(userPath(id), change),
    onMutate: async ({ id, change: { password: _secret, ...shown } }) => {
      await client.cancelQueries({ queryKey: usersKey })
      const before = client.getQueriesData({ queryKey: usersKey })
      const edit = (u: User) => (u.id === id ? { ...u, ...shown } : u)
      client.setQueriesData<Pages>({ queryKey: listKey }, (old) => old && { ...old, pages: old.pages.map((p) => ({ ...p, data: p.data.map(edit) })) })
      client.setQueryData<User>(userKey(id), (old) => old && edit(old))
      return before
    },
    onError: (_err, _change, before) => before?.forEach(([key, data]) => client.setQueryData(key, data)),
    onSettled: changed,
  })
}

export const useUserSessions = (id: string) =>
  useQuery({ queryKey: sessionsKey(id), queryFn: ({ signal }) => get<Page<Session>>(`${userPath(id)}/sessions`, {}, signal).then((p) => p.data) })

export const endSessions = (id: string) => del(`${userPath(id)}/sessions`)
