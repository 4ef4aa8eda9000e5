import { useQuery, useQueryClient } from '@tanstack/react-query'
import { get } from '@/api/client'
import type { Key, Page, Session } from '@/api/types'

const keysKey = ['keys']
const sessionsKey = ['sessions']

export const useKeys = () => useQuery({ queryKey: keysKey, queryFn: () => get<Page<Key>>('/v1/keys').then((p) => p.data) })

export const useSessions = () => useQuery({ queryKey: sessionsKey, queryFn: () => get<Page<Session>>('/v1/me/sessions').then((p) => p.data) })

/** Returns functions that fetch a list anew. */
export function useRefresh() {
  const client = useQueryClient()
  return {
    keys: () => client.invalidateQueries({ queryKey: keysKey }),
    sessions: () => client.invalidateQueries({ queryKey: sessionsKey }),
  }
}
