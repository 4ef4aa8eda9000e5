import { useSyncExternalStore } from 'react'
import { tab } from '@/kit/storage'

/** What a chat's questions are answered from: one knowledge base, or with the id '' all that the reader may read. */
export interface KnowledgeChoice {
  id: string
  name: string
}

// Like drafts, choices live as long as the tab.
const prefix = 'parley.knowledge.'
const cache = new Map<string, KnowledgeChoice | undefined>()
const listeners = new Set<() => void>()

export function knowledgeOf(chat: string): KnowledgeChoice | undefined {
  if (cache.has(chat)) return cache.get(chat)
  let choice: KnowledgeChoice | undefined
  try {
    choice = JSON.parse(tab.get(prefix + chat) ?? 'null') as KnowledgeChoice | undefined ?? undefined
  } catch {
    // What cannot be read was not written here.
  }
  cache.set(chat, choice)
  return choice
}

export function chooseKnowledge(chat: string, choice: KnowledgeChoice | undefined) {
  cache.set(chat, choice)
  if (choice) tab.set(prefix + chat, JSON.stringify(choice))
  else tab.remove(prefix + chat)
  listeners.forEach((fn) => fn())
}

/** A new chat has got its id. */
export function moveKnowledge(from: string, to: string) {
  const choice = knowledgeOf(from)
  chooseKnowledge(from, undefined)
  if (choice) chooseKnowledge(to, choice)
}

export const useKnowledge = (chat: string) =>
  useSyncExternalStore(
    (fn) => {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
    () => knowledgeOf(chat),
  )
