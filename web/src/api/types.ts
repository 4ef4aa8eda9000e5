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

/** What is known of a model beyond its id. A server may leave out what it does not know. */
export interface ModelFacts {
  kind?: string
  description?: string
  context?: number
  loaded?: boolean
  /** The caller's own default. */
  default?: boolean
  size_bytes?: number
  memory_bytes?: number
  parameters?: string | number | null
  quantisation?: string | null
  licence?: string
  location?: string
  /** Null for a model that costs nothing. */
  price?: { input?: number; output?: number } | null
}

export interface Model {
  id: string
  parley?: ModelFacts
}

export interface Conversation {
  id: string
  title: string
  status: 'active' | 'archived'
  pinned: boolean
  /** '' for none. */
  folder_id?: string
  /** Never listed, and deleted by itself. */
  temporary?: boolean
  leaf_id?: string | null
  created_at: string
  updated_at: string
}

export type ConversationPatch = Partial<Pick<Conversation, 'title' | 'status' | 'pinned' | 'leaf_id' | 'folder_id'>>

export interface Folder {
  id: string
  name: string
  /** How many conversations are in it. */
  conversations: number
  created_at: string
}

export type MessageStatus = 'complete' | 'streaming' | 'partial' | 'failed'

export type FeedbackReason = 'wrong' | 'unhelpful' | 'unsafe' | 'style' | 'slow' | 'other'

export interface Feedback {
  rating: 1 | -1
  reason?: FeedbackReason | ''
  comment?: string
}

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
  /** Milliseconds from the question to the end of the answer. */
  latency_ms?: number | null
  feedback?: Feedback | null
  edited_at?: string | null
  created_at: string
}

export interface Share {
  id: string
  conversation_id: string
  title: string
  audience: 'tenant' | 'link'
  /** How many places were redacted. */
  redacted: number
  messages: number
  created_at: string
  expires_at: string
}

export interface ShareRequest {
  redact: boolean
  audience: Share['audience']
  expires_in_days: number
  leaf_id?: string
}

export interface SharePreview {
  title: string
  messages: Pick<Message, 'role' | 'text' | 'created_at'>[]
  redactions: { kind: string; count: number }[]
}

export interface SharedChat {
  title: string
  tenant: string
  shared_by: string
  created_at: string
  expires_at: string
  messages: Pick<Message, 'role' | 'text' | 'model' | 'created_at'>[]
}

export interface Prompt {
  id: string
  command: string
  title: string
  text: string
  shared: boolean
  mine: boolean
  owner_name: string
  variables: { name: string; default: string }[]
  updated_at: string
}

export interface UsageRow {
  key: string
  label: string
  requests: number
  input_tokens: number
  output_tokens: number
}

export interface Usage {
  from: string
  to: string
  rows: UsageRow[]
  total: Omit<UsageRow, 'key' | 'label'>
}

export interface ImportResult {
  imported: number
  skipped: { index: number; title: string; reason: string }[]
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
  /** Goes on writing the answer `parent_id`, as a sibling that begins with its text. */
  continue?: boolean
  /** With no conversation: makes one that is never listed and goes by itself. */
  temporary?: boolean
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
