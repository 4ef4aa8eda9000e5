// The shapes of the native API, as the server sends them.

export type Role = 'viewer' | 'member' | 'admin' | 'owner'

export interface Me {
  user: { id: string; email: string; name: string; role: Role; groups: string[]; created_at: string }
  /** `operator` marks the first tenant, whose administrators look after models and the server. */
  tenant: { id: string; slug: string; name: string; operator?: boolean }
  /** An owner of the first tenant, who manages the tenants. */
  operator: boolean
  via: 'session' | 'key' | 'token'
  permissions: string[]
}

export interface AuthOptions {
  setup_needed: boolean
  password_min_length: number
  password: boolean
  oidc: { name: string; label: string; url: string }[]
  version: string
}

export interface TenantChoice {
  slug: string
  name: string
}

export interface Session {
  id: string
  created_at: string
  last_seen_at: string
  expires_at: string
  user_agent: string
  ip: string
  current: boolean
}

export type Permission = 'chat' | 'admin'

export interface Key {
  id: string
  name: string
  prefix: string
  permissions: Permission[]
  created_at: string
  expires_at?: string | null
  last_used_at?: string | null
}

export interface ModelState {
  ready: boolean
  model?: string
  fix?: string
}

export interface Status {
  chat: ModelState
  embedding?: ModelState
  version: string
}

export interface Model {
  id: string
  parley?: { kind?: string; context?: number; loaded?: boolean; size_bytes?: number }
}

export interface Conversation {
  id: string
  title: string
  status: 'active' | 'archived'
  pinned: boolean
  leaf_id?: string | null
  created_at: string
  updated_at: string
}

export type ConversationPatch = Partial<Pick<Conversation, 'title' | 'status' | 'pinned' | 'leaf_id'>>

export type MessageStatus = 'complete' | 'streaming' | 'partial' | 'failed'

export interface Message {
  id: string
  conversation_id: string
  /** Empty or null for a message that begins the conversation. */
  parent_id?: string | null
  role: 'system' | 'user' | 'assistant' | 'tool'
  text: string
  model?: string
  status: MessageStatus
  finish_reason?: string
  tokens?: number
  created_at: string
}

export interface SearchHit {
  conversation_id: string
  title: string
  message_id: string
  role: Message['role']
  snippet: string
  created_at: string
}

export interface Page<T> {
  data: T[]
  next_cursor?: string | null
}

export interface TurnRequest {
  conversation_id?: string
  /** The message to go on from; '' is the root, absent the end of the conversation. */
  parent_id?: string
  model?: string
  /** Empty to answer `parent_id`, a user's message, once more. */
  messages: { role: 'user'; content: string }[]
}

export interface TurnStart {
  conversation_id?: string
  user_message_id?: string
  message_id: string
  model: string
}

export interface TurnDone {
  finish_reason: string
  partial?: boolean
  usage?: { input_tokens: number; cached_tokens: number; output_tokens: number }
  latency_ms?: Record<string, number>
}

export interface TurnFault {
  code: string
  message: string
  request_id?: string
}

/** One event of a turn: exactly one of the fields is set. */
export interface TurnEvent {
  start?: TurnStart
  queue?: { position: number }
  delta?: string
  done?: TurnDone
  error?: TurnFault
}
