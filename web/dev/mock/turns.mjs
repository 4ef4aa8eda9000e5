import { answerFor } from './answers.mjs'

const bytes = (text) => Buffer.byteLength(text)

/** A running answer: its events so far, and who listens to them. */
class Turn {
  constructor(message, start) {
    this.message = message
    this.events = []
    this.listeners = new Set()
    this.ended = false
    this.stopped = false
    this.emit({ start })
  }

  emit(event) {
    if (event.delta) this.message.text += event.delta
    const id = `${this.message.id}.${this.events.length + 1}.${bytes(this.message.text)}`
    this.events.push({ id, event })
    this.ended ||= Boolean(event.done ?? event.error)
    this.listeners.forEach((fn) => fn())
  }
}

/** Runs the turns of the mock. `pace` holds the milliseconds between two pieces of text. */
export class Turns {
  running = new Map()

  constructor(pace) {
    this.pace = pace
  }

  start(message, question, start, before = '') {
    const turn = new Turn(message, start)
    this.running.set(message.id, turn)
    this.write(turn, answerFor(question), before).catch(() => {})
    return turn
  }

  async write(turn, { text, queue = 0, finish = 'stop', fault }, before) {
    const { message } = turn
    const begun = Date.now()
    for (let n = queue; n > 0; n--) {
      turn.emit({ queue: { position: n } })
      await this.rest(12)
    }
    await this.rest(6)
    if (before) turn.emit({ delta: before })
    const pieces = text.match(/\s*\S{1,6}|\s+$/gu) ?? []
    let tokens = 0
    for (const delta of pieces) {
      if (turn.stopped) break
      turn.emit({ delta })
      tokens++
      await this.rest(1)
    }
    message.tokens = tokens
    if (fault) {
      message.status = 'failed'
      turn.emit({ error: fault })
      return
    }
    message.status = turn.stopped ? 'partial' : 'complete'
    message.finish_reason = finish
    const usage = { input_tokens: 20, cached_tokens: 0, output_tokens: tokens }
    const total = Date.now() - begun
    message.latency_ms = total
    turn.emit({ done: { finish_reason: finish, ...(turn.stopped && { partial: true }), usage, latency_ms: { total } } })
  }

  rest(steps) {
    return new Promise((resolve) => {
      setTimeout(resolve, this.pace.ms * steps)
    })
  }

  stop(id) {
    const turn = this.running.get(id)
    if (turn && !turn.ended) turn.stopped = true
  }

  /** Sends a turn as server-sent events, from after the event `after` to its end. */
  send(res, turn, after, faults) {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    res.write(': ping\n\n')
    let at = Number(after?.split('.')[1] ?? 0)
    let sent = 0
    const write = (text) => {
      if (!faults.splitBytes) return res.write(text)
      for (const byte of Buffer.from(text)) res.write(Buffer.from([byte]))
    }
    const pump = () => {
      while (at < turn.events.length) {
        const { id, event } = turn.events[at++]
        write(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`)
        // A broken connection, for tests: it ends in the middle of an event.
        if (faults.dropAfter > 0 && ++sent >= faults.dropAfter && !turn.ended) {
          res.write('id: half')
          turn.listeners.delete(pump)
          setTimeout(() => res.destroy(), 5)
          return
        }
      }
      if (turn.ended) {
        turn.listeners.delete(pump)
        res.end()
      }
    }
    turn.listeners.add(pump)
    res.on('close', () => turn.listeners.delete(pump))
    pump()
  }
}
