import { take } from './early'
import type { TenantChoice } from './types'

/** A call that failed. `message` is safe to show and says what to do; `code` is for programs. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly extra: { param?: string; requestId?: string; retryAfter?: number; tenants?: TenantChoice[] } = {},
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Seconds to wait before the next try, 0 if the server named none. */
  get retryAfter(): number {
    return this.extra.retryAfter ?? 0
  }
}

/** The code of an ApiError for a request that never reached the server. */
export const OFFLINE = 'offline'

/** Reads an answer that is not ok into an ApiError. It never throws. */
export async function readError(res: Response): Promise<ApiError> {
  const retryAfter = seconds(res.headers.get('Retry-After'))
  const body: unknown = await res.json().catch(() => null)
  const error = (body as { error?: Record<string, unknown> } | null)?.error ?? {}
  const text = (key: string) => (typeof error[key] === 'string' ? (error[key]) : undefined)
  return new ApiError(res.status, text('code') ?? text('type') ?? `http_${res.status}`, text('message') ?? '', {
    param: text('param'),
    requestId: text('request_id') ?? res.headers.get('X-Request-Id') ?? undefined,
    retryAfter,
    tenants: Array.isArray(error.tenants) ? (error.tenants as TenantChoice[]) : undefined,
  })
}

function seconds(header: string | null): number | undefined {
  if (!header) return undefined
  const n = Number(header)
  const value = Number.isFinite(n) ? n : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(value) ? Math.max(0, Math.ceil(value)) : undefined
}

interface Options {
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  body?: unknown
  /** A form that is sent in place of a body. */
  form?: FormData
  signal?: AbortSignal
  /** Lets the call outlive the page. */
  keepalive?: boolean
  query?: Record<string, string | number | boolean | undefined>
}

function address(path: string, query: Options['query'] = {}): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(key, String(value))
  }
  const tail = params.toString()
  return tail ? `${path}?${tail}` : path
}

let onSignedOut: () => void = () => {}

/** Names what happens when a call finds that the session has ended. */
export function whenSignedOut(fn: () => void) {
  onSignedOut = fn
}

/** Makes a call and returns the parsed body, or undefined for an empty one. */
export async function call<T>(path: string, { method = 'GET', body, form, signal, keepalive, query }: Options = {}): Promise<T> {
  let res: Response
  try {
    const early = method === 'GET' ? take(address(path, query)) : undefined
    res = await (early ?? fetch(address(path, query), {
      method,
      signal,
      keepalive,
      credentials: 'same-origin',
      headers: body === undefined ? { Accept: 'application/json' } : { Accept: 'application/json', 'Content-Type': 'application/json' },
      body: form ?? (body === undefined ? undefined : JSON.stringify(body)),
    }))
  } catch (err) {
    if (signal?.aborted) throw err
    throw new ApiError(0, OFFLINE, '')
  }
  if (!res.ok) {
    const error = await readError(res)
    if (res.status === 401 && !isSignIn(path, method)) onSignedOut()
    throw error
  }
  const text = await res.text()
  return (text ? JSON.parse(text) : undefined) as T
}

// A 401 that answers a password means the password, not the session.
function isSignIn(path: string, method: string): boolean {
  return (path === '/v1/session' && method === 'POST') || (path === '/v1/me' && method !== 'GET')
}

export const get = <T>(path: string, query?: Options['query'], signal?: AbortSignal) => call<T>(path, { query, signal })
export const post = <T>(path: string, body: unknown = {}) => call<T>(path, { method: 'POST', body })
export const upload = <T>(path: string, form: FormData, signal?: AbortSignal) => call<T>(path, { method: 'POST', form, signal })
export const patch = <T>(path: string, body: unknown) => call<T>(path, { method: 'PATCH', body })
export const put = <T>(path: string, body: unknown) => call<T>(path, { method: 'PUT', body })
export const del = (path: string, body?: unknown) => call<void>(path, { method: 'DELETE', body })
