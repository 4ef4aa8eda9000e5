import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { del, get, post } from '@/api/client'
import { healthQuery } from '../health/data'
import type { Catalogue, Memory, Model, ModelState } from '../types'

const key = ['admin', 'models']

const under = new Set<ModelState>(['queued', 'downloading', 'verifying'])

/** Whether a download is under way. */
export const isComing = (m: { state: ModelState }) => under.has(m.state)

/** The catalogue; watched each second while something is being downloaded. */
export function useCatalogue(enabled = true) {
  return useQuery({
    queryKey: key,
    enabled,
    queryFn: ({ signal }) => get<Catalogue>('/v1/admin/models', {}, signal),
    refetchInterval: ({ state: { data } }) => (data?.data.some(isComing) || (data?.engine && isComing(data.engine)) ? 1000 : 10_000),
  })
}

export type ModelAct = 'pull' | 'pause' | 'load' | 'unload' | 'remove'

// What an act makes of a model, shown until the server tells. Loading takes its time, so that is not guessed.
const guess: Partial<Record<ModelAct, Partial<Model>>> = { pull: { state: 'queued', error: '' }, pause: { state: 'paused' }, unload: { loaded: false } }

/** Does something with a model, and looks at once what came of it. */
export function useModelAct() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ id, act }: { id: string; act: ModelAct }) => {
      const path = `/v1/admin/models/${encodeURIComponent(id)}`
      await (act === 'remove' ? del(path) : post(`${path}/${act}`))
    },
    onMutate: async ({ id, act }) => {
      await client.cancelQueries({ queryKey: key })
      client.setQueryData<Catalogue>(key, (old) => old && { ...old, data: old.data.map((m) => (m.id === id ? { ...m, ...guess[act] } : m)) })
    },
    onSettled: () => {
      // The chat's own list of models changes with it.
      void client.invalidateQueries({ queryKey: ['models'] })
      void client.invalidateQueries({ queryKey: ['status'] })
      return client.invalidateQueries({ queryKey: key })
    },
  })
}

/** The memory of the machine, to set the models' need against; undefined until it is known, or when nobody tells. */
export function useMemory(): Memory | undefined {
  const { data } = useQuery({ ...healthQuery, refetchInterval: 30_000, select: (h) => h.memory })
  return data?.total_bytes ? data : undefined
}

/** Begins or stops the download of the engine. */
export function useEngineAct() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (act: 'pull' | 'pause') => post(`/v1/admin/engine/${act}`),
    onSettled: () => client.invalidateQueries({ queryKey: key }),
  })
}

export type Fit = 'fits' | 'tight' | 'large' | 'unknown'

/**
 * Sets a model's need against the machine: it fits into what is free, or only when something else gives way, or
 * not at all. A tenth of the memory is the system's.
 */
export function fit(need: number | undefined, memory: Memory | undefined, loaded = false): Fit {
  if (!memory?.total_bytes || !need) return 'unknown'
  if (loaded || need <= memory.available_bytes) return 'fits'
  return need <= memory.total_bytes * 0.9 ? 'tight' : 'large'
}
