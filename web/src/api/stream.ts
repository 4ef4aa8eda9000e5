import { ApiError, OFFLINE, readError } from './client'
import type { TurnEvent, TurnRequest } from './types'

/** One event of a text/event-stream, without its type: Parley sends one kind. */
export interface SSEEvent {
  id?: string
  data: string
}

/**
 * Parses a text/event-stream fed in chunks that may be cut anywhere, inside a character or a line end
 * too. Comment lines and fields that Parley does not use are skipped.
 */
export class SSEParser {
  private decoder = new TextDecoder('utf-8')
  private rest = ''
  private data: string[] = []
  private id: string | undefined
  private afterCR = false

  feed(chunk: Uint8Array): SSEEvent[] {
    this.rest += this.decoder.decode(chunk, { stream: true })
    const out: SSEEvent[] = []
    let from = 0
    for (let i = 0; i < this.rest.length; i++) {
      const c = this.rest[i]
      if (c !== '\n' && c !== '\r') {
        this.afterCR = false
        continue
      }
      // CR LF is one line end, even when the two arrive in different chunks.
      if (c === '\n' && this.afterCR) from = i + 1
      else {
        this.line(this.rest.slice(from, i), out)
        from = i + 1
      }
      this.afterCR = c === '\r'
    }
    this.rest = this.rest.slice(from)
    return out
  }

  private line(line: string, out: SSEEvent[]) {
    if (line === '') {
      if (this.data.length > 0) out.push({ id: this.id, data: this.data.join('\n') })
      this.data = []
      this.id = undefined
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') this.data.push(value)
    else if (field === 'id') this.id = value
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * Holds the text of an answer while its events arrive, perhaps some of them twice. The offset in an
 * event's id counts the bytes of the text after it, and so tells what of a delta is new.
 */
export class AnswerText {
  text = ''
  private bytes = 0

  /**
   * Adds a delta, '' for an event without text. It returns false, and adds nothing, when text before
   * this event is missing.
   */
  add(delta: string, id: string | undefined): boolean {
    const raw = encoder.encode(delta)
    const end = offsetOf(id) ?? this.bytes + raw.length
    const begin = end - raw.length
    if (begin > this.bytes) return false
    if (end > this.bytes) {
      this.text += begin === this.bytes ? delta : decoder.decode(raw.subarray(this.bytes - begin))
      this.bytes = end
    }
    return true
  }

  clear() {
    this.text = ''
    this.bytes = 0
  }
}

/** The byte offset in an event id of the form msg_x.SEQ.OFFSET. */
export function offsetOf(id: string | undefined): number | undefined {
  const n = Number(id?.split('.')[2])
  return Number.isInteger(n) && n >= 0 ? n : undefined
}

/** What a follower tells. `text` is the whole answer so far. */
export interface TurnHandlers {
  event: (event: TurnEvent, text: string) => void
  /** The connection was lost (false) or is back (true). The answer goes on meanwhile. */
  connected?: (up: boolean) => void
}

export interface FollowOptions {
  signal: AbortSignal
  /** Milliseconds before try n (from 0); for tests. */
  backoff?: (attempt: number) => number
  /** Tries in a row that may fail before the follower gives up. */
  attempts?: number
  /** Milliseconds of silence after which a connection counts as dead. Heartbeats break the silence. */
  silence?: number
  fetch?: typeof fetch
}

/** Asks for a new turn and follows it to its end. It rejects with an ApiError when there is none. */
export function ask(request: TurnRequest, handlers: TurnHandlers, options: FollowOptions): Promise<void> {
  // The key makes it safe to repeat the request when the connection fails before the answer begins.
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'text/event-stream',
    'Idempotency-Key': crypto.randomUUID(),
  }
  const init = { method: 'POST', headers, body: JSON.stringify({ ...request, response: { stream: true } }) }
  return new Follower(handlers, options).run((send) => send('/v1/chat.completions', init))
}

/** Follows a turn that runs already, or has ended, from its beginning to its end. */
export function attach(messageId: string, handlers: TurnHandlers, options: FollowOptions): Promise<void> {
  const follower = new Follower(handlers, options, messageId)
  return follower.run((send) => send(...follower.resume()))
}

type Send = (path: string, init: RequestInit) => Promise<Response>

class Follower {
  private answer = new AnswerText()
  private lastId = ''
  private ended = false
  private up = true
  private gaps = 0

  constructor(
    private handlers: TurnHandlers,
    private options: FollowOptions,
    private messageId = '',
  ) {}

  /** Where to go on after what was read last. Without any, the whole turn is told again. */
  resume(): [string, RequestInit] {
    const after = this.lastId || this.messageId
    const path = `/v1/messages/${encodeURIComponent(this.messageId)}/events?after=${encodeURIComponent(after)}`
    return [path, { headers: { Accept: 'text/event-stream', ...(this.lastId && { 'Last-Event-ID': this.lastId }) } }]
  }

  async run(first: (send: Send) => Promise<Response>): Promise<void> {
    const { signal, attempts = 12, backoff = wait } = this.options
    let failures = 0
    while (!this.ended) {
      const progress = await this.once(first).catch((err: unknown) => {
        if (signal.aborted || !passing(err, this.messageId !== '') || failures >= attempts) throw err
        return err as ApiError
      })
      if (this.ended) return
      signal.throwIfAborted()
      this.show(false)
      failures = progress === true ? 0 : failures + 1
      const asked = progress instanceof ApiError ? progress.retryAfter * 1000 : 0
      await sleep(Math.max(backoff(failures), asked), signal)
    }
  }

  /** One connection, from its opening to its end. It returns whether anything new came over it. */
  private async once(first: (send: Send) => Promise<Response>): Promise<boolean> {
    const dead = new AbortController()
    const signal = AbortSignal.any([this.options.signal, dead.signal])
    let timer: ReturnType<typeof setTimeout> | undefined
    const alive = () => {
      clearTimeout(timer)
      timer = setTimeout(() => dead.abort(), this.options.silence ?? 60_000)
    }
    const send: Send = async (path, init) => {
      const go = this.options.fetch ?? fetch
      return go(path, { ...init, signal, credentials: 'same-origin', cache: 'no-store' })
    }
    try {
      alive()
      const res = await (this.messageId ? send(...this.resume()) : first(send))
      if (!res.ok) throw await readError(res)
      if (!res.body) return false
      return await this.read(res.body.getReader(), alive)
    } catch (err) {
      if (err instanceof ApiError || this.options.signal.aborted) throw err
      throw new ApiError(0, OFFLINE, '')
    } finally {
      clearTimeout(timer)
      dead.abort()
    }
  }

  private async read(reader: ReadableStreamDefaultReader<Uint8Array>, alive: () => void): Promise<boolean> {
    const parser = new SSEParser()
    let progress = false
    for (;;) {
      // A connection that breaks ends like one that closes: what matters is whether the turn ended.
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }))
      if (done || !value) return progress
      alive()
      for (const event of parser.feed(value)) {
        if (!this.take(event)) {
          await reader.cancel().catch(() => {})
          return false
        }
        progress = true
        if (this.ended) return true
      }
    }
  }

  /** Hands one event on. It returns false when the stream cannot be used any further. */
  private take({ id, data }: SSEEvent): boolean {
    let event: TurnEvent
    try {
      event = JSON.parse(data) as TurnEvent
    } catch {
      return true // not an event of ours
    }
    if (event.start) this.messageId = event.start.message_id
    if (!this.answer.add(event.delta ?? '', id)) {
      // A piece is missing: have the turn told again from its beginning. Once is enough, since a second
      // gap means that the offsets cannot be trusted.
      if (this.gaps++ === 0) {
        this.answer.clear()
        this.lastId = ''
        return false
      }
      this.answer.add(event.delta ?? '', undefined)
    }
    if (id) this.lastId = id
    if (event.done || event.error) this.ended = true
    this.show(true)
    this.handlers.event(event, this.answer.text)
    return true
  }

  private show(up: boolean) {
    if (this.up !== up) this.handlers.connected?.(up)
    this.up = up
  }
}

// Whether a failure may pass by itself: the network, a proxy without a server behind it, or, once the
// turn is known to exist, a server that is starting or busy. A new turn that finds the server busy is the
// reader's to repeat.
function passing(err: unknown, exists: boolean): boolean {
  if (!(err instanceof ApiError)) return false
  return err.code === OFFLINE || err.status === 502 || (exists && [429, 503, 504].includes(err.status))
}

function wait(attempt: number): number {
  return attempt === 0 ? 0 : Math.min(8_000, 300 * 2 ** attempt) * (0.75 + Math.random() / 2)
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}
