import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ApiError, del, get, post } from '@/api/client'
import type { AuthOptions, Me } from '@/api/types'
import { tab } from '@/kit/storage'
import { asker } from '@/features/chat/asker'
import { clearAttachments } from '@/features/chat/attachments'
import { clearDrafts } from '@/features/chat/drafts'
import { clearPairs } from '@/features/chat/pairs'
import { clearQueues } from '@/features/chat/queue'
import { turns } from '@/features/chat/turns'

export const meKey = ['me']

/** Who is signed in; null for nobody. */
export function useMe() {
  return useQuery({
    queryKey: meKey,
    staleTime: 60_000,
    queryFn: () =>
      get<Me>('/v1/me').catch((err: unknown) => {
        if (err instanceof ApiError && err.status === 401) return null
        throw err
      }),
  })
}

/** Whether somebody may administer the own organisation. */
export const isAdmin = (me: Me) => me.user.role === 'admin' || me.user.role === 'owner'

/** The shortest password that the server takes; its default until it has told. */
export const useShortestPassword = () => useAuthOptions().data?.password_min_length ?? 8

export function useAuthOptions() {
  return useQuery({ queryKey: ['auth', 'options'], queryFn: () => get<AuthOptions>('/v1/auth/options'), staleTime: Infinity })
}

export interface Credentials {
  email: string
  password: string
  tenant?: string
}

export const signIn = (c: Credentials) => post<Me>('/v1/session', c)

export interface FirstAccount {
  token: string
  email: string
  name: string
  password: string
  tenant_name?: string
}

export const setUp = (a: FirstAccount) => post<Me>('/v1/setup', a)

export interface Invitee {
  token: string
  name: string
  password: string
}

export const join = (i: Invitee) => post<Me>('/v1/invitations/accept', i)

const lastUser = 'parley.user'

/** Whether this tab was signed in, and did not sign out. */
export const hadSession = () => tab.get(lastUser) !== undefined

function clearWriting() {
  clearDrafts()
  clearQueues()
  clearAttachments()
  clearPairs()
}

/** Returns functions that begin and end a session in this tab. */
export function useSessionChange() {
  const client = useQueryClient()
  const forget = () => {
    turns.clear()
    asker.clear()
    client.removeQueries({ predicate: (q) => q.queryKey[0] !== 'auth' && q.queryKey[0] !== 'me' })
  }
  return {
    /** Nothing of an earlier account may stay in the cache. */
    begin: (me: Me) => {
      forget()
      // A draft outlives a session that ran out, but is never shown to somebody else.
      if (tab.get(lastUser) !== me.user.id) clearWriting()
      tab.set(lastUser, me.user.id)
      client.setQueryData(meKey, me)
      void client.invalidateQueries({ queryKey: ['auth'] })
    },
    end: () => {
      clearWriting()
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
