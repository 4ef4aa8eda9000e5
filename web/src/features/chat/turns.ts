import { ask, attach, type FollowOptions, type TurnHandlers } from '@/api/stream'
import type { Grounding, Source, TurnDone, TurnEvent, TurnFault, TurnRequest, TurnStart } from '@/api/types'
import { ApiError, OFFLINE, post } from '@/api/client'

/** An answer on its way, as the page shows it. */
export interface Turn {
  phase: 'sending' | 'waiting' | 'streaming' | 'done' | 'failed'
  text: string
  queue: number
  /** False while the connection is being made again. */
  up: boolean
  stopping: boolean
  sources?: Source[]
  grounding?: Grounding
  done?: TurnDone
  fault?: TurnFault
}

const fresh: Turn = { phase: 'sending', text: '', queue: 0, up: true, stopping: false }

export interface AskHandlers {
  started: (start: TurnStart) => void
  /** After the last event. Not called when the turn never started. */
  ended: (turn: Turn, start: TurnStart) => void
}

type Follow = (handlers: TurnHandlers, options: FollowOptions) => Promise<void>

/**
 * The turns that this tab follows, by the id of the answer's message. They go on while the reader
 * looks at another chat. Readers are told of new text at most some thirty times a second.
 */
export class Turns {
  private turns = new Map<string, Turn>()
  private listeners = new Map<string, Set<() => void>>()
  private any = new Set<() => void>()
  private due = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private all = new AbortController()
  /** Ends a request that has not reached the server. */
  private unsent = new Map<string, AbortController>()

  constructor(
    private io = { ask, attach, cancel: (id: string) => post<void>(`/v1/messages/${encodeURIComponent(id)}/cancel`) },
    private pause = 33,
  ) {}

  get(id: string): Turn | undefined {
    return this.turns.get(id)
  }

  /** The ids of the answers on their way. The list is a new one whenever it changes. */
  running: readonly string[] = []

  subscribe = (id: string, fn: () => void) => {
    const set = this.listeners.get(id) ?? new Set()
    this.listeners.set(id, set.add(fn))
    return () => {
      set.delete(fn)
      if (set.size === 0 && this.listeners.get(id) === set) this.listeners.delete(id)
    }
  }

  subscribeRunning = (fn: () => void) => {
    this.any.add(fn)
    return () => void this.any.delete(fn)
  }

  /**
   * Sends a request and follows its answer, first under the key `ticket`, from its start on under the
   * message's id. It rejects when the server refuses, or cannot be reached before the turn starts.
   */
  async ask(ticket: string, request: TurnRequest, handlers: AskHandlers): Promise<void> {
    let start: TurnStart | undefined
    const own = new AbortController()
    this.unsent.set(ticket, own)
    this.set(ticket, fresh)
    try {
      await this.follow(
        (h, o) => this.io.ask(request, h, { ...o, signal: AbortSignal.any([o.signal, own.signal]) }),
        () => start?.message_id ?? ticket,
        (event) => {
          if (!event.start || start) return
          start = event.start
          const early = this.turns.get(ticket)
          this.set(start.message_id, { ...fresh, phase: 'waiting', stopping: early?.stopping ?? false })
          this.drop(ticket)
          handlers.started(start)
          if (early?.stopping) void this.cancel(start.message_id)
        },
      )
    } catch (err) {
      this.drop(ticket)
      if (!start) throw err
      this.lose(start.message_id)
    } finally {
      this.unsent.delete(ticket)
    }
    const turn = start && this.turns.get(start.message_id)
    if (start && turn) handlers.ended(turn, start)
  }

  /** Follows an answer that runs already, unless this tab does. It resolves after the last event. */
  async attach(id: string): Promise<boolean> {
    if (this.running.includes(id)) return false
    this.set(id, { ...fresh, phase: 'waiting' })
    try {
      await this.follow((h, o) => this.io.attach(id, h, o), () => id)
    } catch {
      this.lose(id)
    }
    return true
  }

  /**
   * Stops an answer; before its start, as soon as it starts. The stream then ends by itself. A request
   * that waits for a connection is taken back.
   */
  async cancel(id: string): Promise<void> {
    const turn = this.turns.get(id)
    if (!turn) return
    this.set(id, { ...turn, stopping: true })
    if (turn.phase === 'sending') {
      if (!turn.up) this.unsent.get(id)?.abort(new ApiError(0, OFFLINE, ''))
      return
    }
    await this.io.cancel(id).catch((err: unknown) => {
      const now = this.turns.get(id)
      if (now) this.set(id, { ...now, stopping: false })
      throw err
    })
  }

  /** Lets go of everything, as at the end of a session. The server goes on. */
  clear() {
    this.all.abort()
    this.all = new AbortController()
    const ids = [...this.turns.keys()]
    this.turns.clear()
    ids.forEach((id) => this.tell(id))
    this.recount()
  }

  private async follow(go: Follow, id: () => string, before?: (event: TurnEvent) => void) {
    const signal = this.all.signal
    const handlers: TurnHandlers = {
      event: (event, text) => {
        before?.(event)
        const turn = this.turns.get(id())
        if (turn && !signal.aborted) this.set(id(), step(turn, event, text))
      },
      connected: (up) => {
        const turn = this.turns.get(id())
        if (turn) this.set(id(), { ...turn, up })
      },
    }
    await go(handlers, { signal })
  }

  // The connection is gone for good; whether the answer is complete is the server's to say.
  private lose(id: string) {
    const turn = this.turns.get(id)
    if (turn) this.set(id, { ...turn, phase: 'failed', up: false })
  }

  private drop(id: string) {
    this.turns.delete(id)
    this.tell(id)
    this.recount()
  }

  private set(id: string, turn: Turn) {
    const before = this.turns.get(id)
    this.turns.set(id, turn)
    if (before?.phase !== turn.phase) this.recount()
    const onlyText = before?.phase === turn.phase && before.up === turn.up && before.stopping === turn.stopping
    if (!onlyText || this.pause === 0) {
      this.tell(id)
      return
    }
    this.due.add(id)
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      const ids = [...this.due]
      this.due.clear()
      ids.forEach((one) => this.tell(one))
    }, this.pause)
  }

  private tell(id: string) {
    this.listeners.get(id)?.forEach((fn) => fn())
  }

  private recount() {
    const running = [...this.turns].filter(([, t]) => t.phase !== 'done' && t.phase !== 'failed').map(([id]) => id)
    if (running.join() === this.running.join()) return
    this.running = running
    this.any.forEach((fn) => fn())
  }
}

/** The turn after an event. The text on the screen never gets shorter while a turn is told again. */
export function step(turn: Turn, event: TurnEvent, text: string): Turn {
  if (event.done) return { ...turn, phase: 'done', text, done: event.done, queue: 0 }
  if (event.error) return { ...turn, phase: 'failed', text, fault: event.error, queue: 0 }
  if (event.sources) return { ...turn, sources: event.sources }
  if (event.grounding) return { ...turn, grounding: event.grounding }
  if (event.queue) return { ...turn, phase: turn.text ? turn.phase : 'waiting', queue: event.queue.position }
  const longest = text.length >= turn.text.length ? text : turn.text
  return longest ? { ...turn, phase: 'streaming', text: longest, queue: 0 } : turn
}

/** The turns of this tab. */
export const turns = new Turns()
