import { useQuery, useQueryClient } from '@tanstack/react-query'
import { del, get, post } from '@/api/client'
import type { Page, Share, SharedChat, SharePreview, ShareRequest } from '@/api/types'

const sharesKey = ['shares']
const path = (conversation: string) => `/v1/conversations/${encodeURIComponent(conversation)}/shares`

/** What a share would show, without making one. */
export function usePreview(conversation: string, request: ShareRequest) {
  return useQuery({
    queryKey: ['share-preview', conversation, request.redact],
    queryFn: () => post<SharePreview>(`${path(conversation)}/preview`, request),
    gcTime: 0,
  })
}

export const useShares = () => useQuery({ queryKey: sharesKey, queryFn: () => get<Page<Share> & { public_links?: boolean }>('/v1/shares') })

export function useShareChanges() {
  const client = useQueryClient()
  const settle = () => client.invalidateQueries({ queryKey: sharesKey })
  return {
    /** Makes a share; its address is told this once. */
    make: async (conversation: string, request: ShareRequest) => {
      const made = await post<Share & { url_path: string }>(path(conversation), request)
      void settle()
      return new URL(made.url_path, location.origin).href
    },
    revoke: async (id: string) => {
      await del(`/v1/shares/${encodeURIComponent(id)}`)
      await settle()
    },
  }
}

/** A chat that somebody shared, as whoever has its address sees it. */
export function useShared(token: string) {
  return useQuery({
    queryKey: ['shared', token],
    retry: false,
    staleTime: Infinity,
    queryFn: () => get<SharedChat>(`/v1/shared/${encodeURIComponent(token)}`),
  })
}
