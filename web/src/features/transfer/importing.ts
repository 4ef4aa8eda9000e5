import { post } from '@/api/client'
import type { ImportResult } from '@/api/types'
import { Splitter } from './split'

/** How far an import is, and what became of it. */
export interface Progress {
  /** Of the file, 0 to 1. */
  part: number
  imported: number
  skipped: { title: string; reason: string }[]
}

/** A reason of the page's own, beside those that the server names. */
export type OwnReason = 'large' | 'broken'

/** Bytes of a request: the server takes 4 MiB, one that is set up narrowly 2 MB. */
const batchBytes = 1_900_000
/** What is read of the file at a time. */
const pieceBytes = 256 * 1024
/** Conversations of a request, so that the progress is seen. */
const batchCount = 100

type Send = (conversations: unknown[]) => Promise<ImportResult>

const sendToServer: Send = (conversations) => post<ImportResult>('/v1/conversations/import', { conversations })

interface Options {
  signal: AbortSignal
  onProgress: (now: Progress) => void
  reason: (own: OwnReason) => string
  send?: Send
}

/** Reads a file piece by piece and sends its conversations in batches. What cannot be taken is told with its reason. */
export async function importFile(file: Blob, { signal, onProgress, reason, send = sendToServer }: Options): Promise<Progress> {
  const splitter = new Splitter(batchBytes)
  const now: Progress = { part: 0, imported: 0, skipped: [] }
  let batch: unknown[] = []
  let bytes = 0

  const flush = async () => {
    if (batch.length === 0) return
    const sent = batch
    batch = []
    bytes = 0
    signal.throwIfAborted()
    const { imported, skipped } = await send(sent)
    now.imported += imported
    now.skipped = [...now.skipped, ...skipped.map(({ title, reason: why }) => ({ title, reason: why }))]
    onProgress({ ...now })
  }
  const skip = (title: string, own: OwnReason) => {
    now.skipped = [...now.skipped, { title, reason: reason(own) }]
  }
  const take = async (entry: string | null) => {
    if (entry === null) return skip('', 'large')
    let value: unknown
    try {
      value = JSON.parse(entry)
    } catch {
      return skip('', 'broken')
    }
    const size = new TextEncoder().encode(JSON.stringify(value)).length + 1
    if (size > batchBytes) return skip(titleOf(value), 'large')
    if (bytes + size > batchBytes || batch.length >= batchCount) await flush()
    batch.push(value)
    bytes += size
  }

  const decoder = new TextDecoder()
  let read = 0
  for (let at = 0; at < file.size; at += pieceBytes) {
    signal.throwIfAborted()
    const piece = new Uint8Array(await file.slice(at, at + pieceBytes).arrayBuffer())
    for (const entry of splitter.feed(decoder.decode(piece, { stream: true }))) await take(entry)
    read += piece.length
    now.part = read / file.size
    onProgress({ ...now })
  }
  for (const entry of splitter.end()) await take(entry)
  await flush()
  return now
}

function titleOf(value: unknown): string {
  const title = (value as { title?: unknown } | null)?.title
  return typeof title === 'string' ? title : ''
}
