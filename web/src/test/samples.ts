// What the server might send, for tests that care about a part of it.
import type { Conversation, Message, TurnDone, TurnStart } from '@/api/types'

export const aChat = (part: Partial<Conversation> & { id: string }): Conversation => ({
  title: part.id,
  status: 'active',
  pinned: false,
  leaf_id: '',
  retention_policy: 'keep',
  folder_id: '',
  temporary: false,
  created_at: '',
  updated_at: '',
  ...part,
})

export const aMessage = (part: Partial<Message> & Pick<Message, 'id' | 'role'>): Message => ({
  conversation_id: 'c',
  parent_id: '',
  text: part.id,
  model: '',
  status: 'complete',
  finish_reason: '',
  tokens: 0,
  latency_ms: 0,
  safety_flags: [],
  sources: [],
  grounding: null,
  feedback: null,
  created_at: '',
  ...part,
})

export const aStart = (part: Partial<TurnStart> & { message_id: string }): TurnStart => ({ model: 'm', trace_id: 'trc', ...part })

export const aDone = (part: Partial<TurnDone> = {}): TurnDone => ({ finish_reason: 'stop', usage: { input_tokens: 1, cached_tokens: 0, output_tokens: 1 }, latency_ms: {}, ...part })
