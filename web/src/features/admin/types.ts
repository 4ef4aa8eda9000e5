// The shapes of the administration's API, as the server sends them.
import type { Key, Role, Session } from '@/api/types'

export type { Session }

export interface User {
  id: string
  email: string
  name: string
  role: Role
  groups: string[]
  disabled: boolean
  has_password: boolean
  created_at: string
  last_login_at?: string
}

export type UserPatch = Partial<Pick<User, 'name' | 'role' | 'groups' | 'disabled'>> & { password?: string }

export interface Invitation {
  id: string
  email: string
  name: string
  role: Role
  groups: string[]
  state: 'pending' | 'accepted' | 'expired'
  created_at: string
  expires_at: string
  accepted_at?: string
  invited_by: string
}

/** A new invitation with its link, which is not told again. */
export type NewInvitation = Invitation & { link_path: string }

export interface Group {
  name: string
  description: string
  members: number
  /** Absent for a group that is known only from the lists of its members. */
  created_at?: string
}

export interface OwnedKey extends Key {
  user_id: string
  user_name: string
}

export interface Tenant {
  id: string
  slug: string
  name: string
  operator: boolean
  created_at: string
  /** Set for a tenant that is closed: nobody signs in to it. */
  deleted_at?: string
}

export type ModelState = 'available' | 'queued' | 'downloading' | 'verifying' | 'paused' | 'failed' | 'installed'

export interface Progress {
  done_bytes: number
  total_bytes: number
  /** 0 while it stands still or is not known yet. */
  bytes_per_second: number
}

/** A model of the catalogue, or a file that somebody put into the models folder. */
export interface Model {
  id: string
  name: string
  /** Absent for a file that cannot be read. */
  kind?: string
  description: string
  size_bytes: number
  memory_bytes?: number
  context?: number
  parameters?: number
  quantisation?: string
  licence: string
  licence_url?: string
  /** Empty for a file of one's own. */
  source: string
  /** Whether a download that was paused goes on where it was; else it begins anew. */
  resumable: boolean
  installed: boolean
  installed_bytes?: number
  loaded: boolean
  loaded_bytes?: number
  default: boolean
  state: ModelState
  progress: Progress | null
  error: string
}

/** The libraries that run models. Without them none can be loaded. */
export interface Engine {
  ready: boolean
  version?: string
  size_bytes?: number
  state: ModelState
  progress: Progress | null
  error: string
}

export interface Catalogue {
  data: Model[]
  engine?: Engine
  /** Of the disk on which the models lie. */
  free_bytes: number
}

/** The default chat model: for everybody, and for each role that has one of its own. */
export type ChatDefaults = { default: string } & Partial<Record<Role, string>>

export interface Check {
  name: string
  state: 'ok' | 'warn' | 'fail'
  detail: string
  /** A command, or a sentence. */
  fix?: string
}

/** Of the machine, or of the container if that has less; 0 where the system does not tell. */
export interface Memory {
  total_bytes: number
  available_bytes: number
}

export interface Health {
  version: string
  started_at: string
  uptime_s: number
  checks: Check[]
  /** What the system does not tell is absent. */
  process: { rss_bytes?: number; goroutines: number; open_files?: number; cpu_cores: number }
  memory: Memory
  disk: { data_free_bytes: number; data_total_bytes: number }
  database: { kind: string; size_bytes: number; schema_version: number | string }
  engine: { path: string; version: string; ready: boolean; error?: string }
  queue: { waiting: number; running: number }
  models_loaded: { id: string; bytes: number; context: number; slots: number }[]
}

export const usageKinds = ['day', 'user', 'model', 'surface'] as const
export type UsageBy = (typeof usageKinds)[number]

export interface UsageFigures {
  requests: number
  input_tokens: number
  cached_tokens: number
  output_tokens: number
  cost_usd: number
  avg_latency_ms: number
  errors: number
}

export interface UsageRow extends UsageFigures {
  key: string
  label: string
}

export interface Usage {
  from: string
  to: string
  by: UsageBy
  rows: UsageRow[]
  total: UsageFigures
}
