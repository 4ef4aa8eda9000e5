import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { ApiError, del, get, post } from '@/api/client'
import type { components } from '@/api/schema'
import type { AuthOptions, Me } from '@/api/types'
import { tab } from '@/kit/storage'

type Schemas = components['schemas']

export const meKey = ['me']

/** Who is signed in; null for nobody. */
export const meQuery = queryOptions({
  queryKey: meKey,
  staleTime: 60_000,
  queryFn: () =>
    get<Me>('/v1/me').catch((err: unknown) => {
      if (err instanceof ApiError && err.status === 401) return null
      throw err
    }),
})

export const useMe = () => useQuery(meQuery)

/** Whether somebody may administer the own organisation. */
export const isAdmin = (me: Me) => me.user.role === 'admin' || me.user.role === 'owner'

/** The shortest password that the server takes; its default until it has told. */
export const useShortestPassword = () => useAuthOptions().data?.password_min_length ?? 8

/** How somebody may sign in, and what else the server tells everybody. */
export const optionsQuery = queryOptions({ queryKey: ['auth', 'options'], queryFn: () => get<AuthOptions>('/v1/auth/options'), staleTime: Infinity })

export const useAuthOptions = () => useQuery(optionsQuery)

export type Credentials = Schemas['LoginRequest']

export const signIn = (c: Credentials) => post<Me>('/v1/session', c)

export const setUp = (a: Schemas['SetupRequest']) => post<Me>('/v1/setup', a)

export const join = (i: Schemas['AcceptRequest']) => post<Me>('/v1/invitations/accept', i)

const lastUser = 'parley.user'

/** Whether this tab was signed in, and did not sign out. */
export const hadSession = () => tab.get(lastUser) !== undefined

// Who has not signed in needs nothing of the chat but this, and so it is fetched when somebody does.
const chat = () => import('@/features/chat/forget')

/** Returns functions that begin and end a session in this tab. */
export function useSessionChange() {
  const client = useQueryClient()
  const forget = () => {
    client.removeQueries({ predicate: (q) => q.queryKey[0] !== 'auth' && q.queryKey[0] !== 'me' })
  }
  return {
    /** Nothing of an earlier account may stay in the cache. */
    begin: async (me: Me) => {
      const { forgetTurns, forgetWriting } = await chat()
      forgetTurns()
      forget()
      // A draft outlives a session that ran out, but is never shown to somebody else.
      if (tab.get(lastUser) !== me.user.id) forgetWriting()
      tab.set(lastUser, me.user.id)
      client.setQueryData(meKey, me)
      void client.invalidateQueries({ queryKey: ['auth'] })
    },
    end: async () => {
      const { forgetTurns, forgetWriting } = await chat()
      forgetWriting()
      forgetTurns()
      tab.remove(lastUser)
      client.setQueryData(meKey, null)
      forget()
    },
    signOut: async () => {
      await del('/v1/session').catch((err: unknown) => {
        if (!(err instanceof ApiError && err.status === 401)) throw err
      })
    },
  }
}
