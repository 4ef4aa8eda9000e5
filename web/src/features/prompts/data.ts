import { useQuery, useQueryClient } from '@tanstack/react-query'
import { del, get, patch, post } from '@/api/client'
import type { Page, Prompt } from '@/api/types'

const promptsKey = ['prompts']
const path = (id: string) => `/v1/prompts/${encodeURIComponent(id)}`

export type PromptFields = Pick<Prompt, 'command' | 'title' | 'text' | 'shared'>

/** The reader's own prompts and those that others share. */
export function usePrompts(enabled = true) {
  return useQuery({
    enabled,
    queryKey: promptsKey,
    staleTime: 60_000,
    queryFn: () => get<Page<Prompt>>('/v1/prompts').then((page) => page.data.sort((a, b) => a.command.localeCompare(b.command))),
  })
}

export function usePromptChanges() {
  const client = useQueryClient()
  const settle = () => client.invalidateQueries({ queryKey: promptsKey })
  return {
    save: async (id: string | undefined, fields: PromptFields) => {
      await (id ? patch<Prompt>(path(id), fields) : post<Prompt>('/v1/prompts', fields))
      await settle()
    },
    remove: async (id: string) => {
      await del(path(id))
      await settle()
    },
  }
}

/** The prompts whose command or title has every word of the text; those whose command begins with it lead. */
export function findPrompts(prompts: readonly Prompt[], text: string): Prompt[] {
  const q = text.toLowerCase()
  const words = q.split(/\s+/).filter(Boolean)
  const found = prompts.filter((p) => words.every((w) => `${p.command} ${p.title}`.toLowerCase().includes(w)))
  return [...found.filter((p) => p.command.startsWith(q)), ...found.filter((p) => !p.command.startsWith(q))]
}
