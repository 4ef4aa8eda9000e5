import { limits } from '../parse/limits'
import type { Line } from './colours'
import type { Job, Result } from './worker'

// Code is coloured in a worker, one piece after the other. A grammar is a heap of regular expressions, and some
// code takes one of them longer than anybody waits: then the worker is ended, and that code stays plain.
const patience = 4_000

interface Task extends Job {
  settle: (lines: Line[] | undefined) => void
}

const queue: Task[] = []
let running: Task | undefined
let worker: Worker | undefined
let timer: ReturnType<typeof setTimeout> | undefined
let ids = 0

// The latest results, by language and text, so that a branch that is shown again has its colours at once.
const kept = new Map<string, Line[]>()
const keptPieces = 40
const keptSize = 20_000

const keyOf = (text: string, language: string) => `${language}\n${text}`

/** The colours of code that was coloured lately. */
export const known = (text: string, language: string): Line[] | undefined => kept.get(keyOf(text, language))

/**
 * Colours code, and tells the result unless it is taken back by the function that is returned. Without a worker, or
 * beyond the limits, nothing is told.
 */
export function highlight(text: string, language: string, tell: (lines: Line[]) => void): () => void {
  if (text.length > limits.coloured || typeof Worker === 'undefined') return () => {}
  const task: Task = {
    id: ++ids,
    text,
    language,
    settle: (lines) => {
      if (!lines) return
      keep(keyOf(text, language), lines)
      tell(lines)
    },
  }
  queue.push(task)
  next()
  return () => {
    const i = queue.indexOf(task)
    if (i >= 0) queue.splice(i, 1)
    task.settle = () => {}
  }
}

function next() {
  if (running) return
  running = queue.shift()
  if (!running) return
  worker ??= start()
  timer = setTimeout(stop, patience)
  const { id, text, language } = running
  worker.postMessage({ id, text, language } satisfies Job)
}

function start(): Worker {
  const own = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  own.addEventListener('message', ({ data }: MessageEvent<Result>) => {
    if (data.id === running?.id) finish(data.lines)
  })
  own.addEventListener('error', stop)
  return own
}

function stop() {
  worker?.terminate()
  worker = undefined
  finish(undefined)
}

function finish(lines: Line[] | undefined) {
  clearTimeout(timer)
  const task = running
  running = undefined
  task?.settle(lines)
  next()
}

function keep(key: string, lines: Line[]) {
  if (key.length > keptSize) return
  kept.delete(key)
  kept.set(key, lines)
  const oldest = kept.size > keptPieces && kept.keys().next().value
  if (oldest) kept.delete(oldest)
}
