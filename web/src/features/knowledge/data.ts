import { useQuery, useQueryClient } from '@tanstack/react-query'
import { del, get, post, upload } from '@/api/client'
import type { Explained, Grant, KnowledgeBase, KnowledgeFile, KnowledgeText, Page } from '@/api/types'

export const basesKey = ['knowledge']
export const filesKey = (base: string) => [...basesKey, base, 'files']
export const textKey = (base: string, file: string) => [...filesKey(base), file, 'text']
const path = (base: string) => `/v1/vector_stores/${encodeURIComponent(base)}`
const filePath = (base: string, file: string) => `${path(base)}/files/${encodeURIComponent(file)}`

// As many as one page of the API has; a team with more finds the rest through its search.
const most = 1000

/** How often what goes on by itself is looked at, in milliseconds. */
const watch = 1_000

/** The knowledge bases that the reader may read, the newest first. */
export function useBases(enabled = true) {
  return useQuery({
    enabled,
    queryKey: basesKey,
    queryFn: ({ signal }) => get<Page<KnowledgeBase>>('/v1/vector_stores', { limit: most }, signal).then((page) => page.data),
    refetchInterval: (q) => (q.state.data?.some((b) => b.status === 'in_progress') ? watch : false),
  })
}

/** The bases whose names have the text. */
export const findBases = (bases: readonly KnowledgeBase[], text: string) => bases.filter((b) => b.name.toLowerCase().includes(text.toLowerCase()))

/** The files of a base, the newest first. It asks again by itself while some are on their way. */
export function useFiles(base: string) {
  return useQuery({
    queryKey: filesKey(base),
    queryFn: ({ signal }) => get<Page<KnowledgeFile>>(`${path(base)}/files`, { limit: most }, signal).then((page) => page.data),
    refetchInterval: (q) => (q.state.data?.some((f) => f.status === 'in_progress') ? watch : false),
  })
}

/** What was read from a file, of which sources are bytes. */
export function useText(base: string, file: string) {
  return useQuery({
    queryKey: textKey(base, file),
    staleTime: Infinity,
    queryFn: ({ signal }) => get<KnowledgeText>(`${filePath(base, file)}/content`, {}, signal),
  })
}

/** Why a question finds a file, or why not. */
export const explain = (base: string, file: string, query: string) => post<Explained>(`${filePath(base, file)}/explain`, { query })

export interface BaseFields {
  name: string
  description: string
  grants: Grant[]
}

export function useKnowledgeChanges() {
  const client = useQueryClient()
  const settle = () => client.invalidateQueries({ queryKey: basesKey })
  const then = async <T>(work: Promise<T>): Promise<T> => {
    const done = await work
    await settle()
    return done
  }
  return {
    save: (id: string | undefined, fields: BaseFields) => then(post<KnowledgeBase>(id ? path(id) : '/v1/vector_stores', fields)),
    remove: (id: string) => then(del(path(id))),
    add: async (base: string, file: File, signal: AbortSignal) => {
      const form = new FormData()
      form.set('purpose', 'assistants')
      form.set('file', file)
      const made = await upload<{ id: string }>('/v1/files', form, signal)
      await then(post<KnowledgeFile>(`${path(base)}/files`, { file_id: made.id }))
    },
    again: (base: string, file: string) => then(post<KnowledgeFile>(`${path(base)}/files`, { file_id: file })),
    drop: (base: string, file: string) => then(del(filePath(base, file))),
  }
}
