import type { QueryClient } from '@tanstack/react-query'
import { basesKey, filesKey, textKey } from '@/features/knowledge/data'
import type { Explained, KnowledgeBase, KnowledgeFile, KnowledgeText, Source } from '@/api/types'
import { long, unbroken } from './section'

// What the parts of the gallery that show documents are filled with.

const made = 1_795_435_200

const counts = (over: Partial<KnowledgeBase['file_counts']>) => ({ total: 0, completed: 0, in_progress: 0, failed: 0, cancelled: 0, ...over })

export const base = (id: string, name: string, over: Partial<KnowledgeBase> = {}): KnowledgeBase => ({
  id,
  object: 'vector_store',
  name,
  description: '',
  status: 'completed',
  created_at: made,
  last_active_at: made,
  usage_bytes: 0,
  file_counts: counts({}),
  grants: [],
  metadata: {},
  may_own: true,
  may_write: true,
  ...over,
})

export const harbour = base('vs_1', 'Harbour', { description: 'Rules and fees', file_counts: counts({ total: 5, completed: 3, failed: 1, in_progress: 1 }) })
export const empty = base('vs_2', 'Nothing in it yet')

const bases = [harbour, empty, base('vs_3', unbroken, { description: long, may_own: false, may_write: false, file_counts: counts({ total: 4_182, completed: 4_182 }) })]

export const file = (filename: string, over: Partial<KnowledgeFile> = {}): KnowledgeFile => ({
  id: `file_${filename}`,
  object: 'vector_store.file',
  filename,
  title: '',
  vector_store_id: harbour.id,
  attributes: {},
  created_at: made,
  last_error: null,
  pages: 0,
  passages: 0,
  passages_done: 0,
  state: 'ready',
  status: 'completed',
  usage_bytes: 20_480,
  ...over,
})

const text = '# Harbour rules\n\nShips over eighty metres need a pilot. The pilot boards at the buoy.\n\nA berth for a boat of ten metres costs twenty euros a night. Electricity is included.\n'
const quote = 'A berth for a boat of ten metres costs twenty euros a night.'

export const source = (label: string, over: Partial<Source> = {}): Source => ({
  label,
  vector_store_id: harbour.id,
  file_id: 'file_rules.md',
  filename: 'rules.md',
  title: 'Harbour rules',
  heading: 'Harbour rules › Fees',
  page: 0,
  start: text.indexOf(quote),
  end: text.indexOf(quote) + quote.length,
  quote,
  score: 0.8,
  cited: true,
  ...over,
})

export const at = (rank: number, looked_at: number) => ({ rank, looked_at, score: rank === 0 ? 0 : 1 / rank })

export const explained: Explained = {
  verdict: 'found',
  state: 'ready',
  by_words: at(1, 12),
  by_meaning: at(2, 2000),
  ranked: at(1, 140),
  each: 100,
  top_k: 5,
  best_passage: {
    vector_store_id: harbour.id, file_id: 'file_rules.md', filename: 'rules.md', title: 'Harbour rules', heading: '', page: 0, start: 0, end: quote.length, text: quote,
    score: 0.9, by_words: 7, by_meaning: 0.6, by_tokens: 0.5,
  },
}

const read: KnowledgeText = { object: 'vector_store.file_content.page', data: [{ type: 'text', text }], pages: [], has_more: false, next_page: null }

/** Puts into the client what a server would have told. */
export function tellKnowledge(client: QueryClient) {
  client.setQueryData(basesKey, bases)
  client.setQueryData(filesKey(harbour.id), [file('rules.md', { passages: 1 }), file('fees.pdf', { pages: 12, passages: 40 })])
  client.setQueryData(filesKey(empty.id), [])
  client.setQueryData(textKey(harbour.id, 'file_rules.md'), read)
}
