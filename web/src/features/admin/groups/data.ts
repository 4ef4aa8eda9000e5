import { useQuery, useQueryClient } from '@tanstack/react-query'
import { get } from '@/api/client'
import type { Page } from '@/api/types'
import type { Group } from '../types'

const groupsKey = ['admin', 'groups']

export const groupPath = (name: string) => `/v1/admin/groups/${encodeURIComponent(name)}`

export const useGroups = () => useQuery({ queryKey: groupsKey, queryFn: ({ signal }) => get<Page<Group>>('/v1/admin/groups', {}, signal).then((p) => p.data) })

/** The names of all groups, to choose from. */
export const useGroupNames = () => useGroups().data?.map((g) => g.name) ?? []

/** Fetches groups and their members anew. */
export function useGroupsChanged() {
  const client = useQueryClient()
  return () => Promise.all([client.invalidateQueries({ queryKey: groupsKey }), client.invalidateQueries({ queryKey: ['admin', 'users'] })])
}

/** Whether somebody made the group; others are known only because users have them. */
export const isSaved = (g: Group): g is Group & { created_at: string } => !!g.created_at && !g.created_at.startsWith('0001')
