import { useSyncExternalStore } from 'react'
import { tab } from '@/kit/storage'

/** Two answers to one question, shown side by side until one of them is kept. */
export interface Pair {
  question: string
  left: string
  /** The answer's id, before its start its ticket. */
  right: string
}

const key = 'parley.pairs'
const listeners = new Set<() => void>()
let pairs: readonly Pair[] | undefined

function all(): readonly Pair[] {
  if (!pairs) {
    try {
      pairs = JSON.parse(tab.get(key) ?? '[]') as Pair[]
    } catch {
      pairs = []
    }
  }
  return pairs
}

function set(next: readonly Pair[]) {
  pairs = next
  tab.set(key, JSON.stringify(next.filter((p) => p.right.startsWith('msg_')).slice(-20)))
  listeners.forEach((fn) => fn())
}

export const openPair = (pair: Pair) => set([...all().filter((p) => p.question !== pair.question), pair])

/** The second answer has begun, and its ticket is now its id. */
export const beginPair = (ticket: string, id: string) => set(all().map((p) => (p.right === ticket ? { ...p, right: id } : p)))

export const closePair = (question: string) => set(all().filter((p) => p.question !== question))

export function clearPairs() {
  pairs = []
  tab.remove(key)
  listeners.forEach((fn) => fn())
}

/** The pair that an answer is part of. */
export const pairOf = (list: readonly Pair[], answer: string) => list.find((p) => p.left === answer || p.right === answer)

export function usePairs(): readonly Pair[] {
  return useSyncExternalStore((fn) => {
    listeners.add(fn)
    return () => void listeners.delete(fn)
  }, all)
}
