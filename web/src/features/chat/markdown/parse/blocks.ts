import { limits } from './limits'
import { nothingShared, parseBlocks, tooDeep, type Shared, type Token } from './parser'

/** A top-level block of a text. */
export interface Block {
  source: string
  tokens: Token[]
  /** Beyond a limit: shown as it was written. */
  plain: boolean
}

export interface Parts {
  blocks: Block[]
  /** The footnotes, in the order of their numbers. */
  notes: { name: string; text: string }[]
  shared: Shared
}

const nothing: Parts = { blocks: [], notes: [], shared: nothingShared }

// A link's or a footnote's definition is used from anywhere in the text.
const definition = /^ {0,3}\[[^\]\n]+\]:/m

/**
 * Cuts Markdown into its top-level blocks; joined they are the text. A block before the last two never changes as
 * text is appended, so what was cut `before` is kept, and a long answer costs no more per token than a short one.
 */
export function splitBlocks(whole: string, before: Parts = nothing): Parts {
  const text = whole.length > limits.text ? whole.slice(0, endOfLine(whole, limits.text)) : whole
  const rest: Block[] = text.length < whole.length ? [{ source: whole.slice(text.length), tokens: [], plain: true }] : []
  if (definition.test(text)) return share(text, rest, before)
  const kept = before.shared === nothingShared ? before.blocks.slice(0, -2) : []
  let at = 0
  for (const { source } of kept) {
    if (!text.startsWith(source, at)) return { ...nothing, blocks: [...cut(text), ...rest] }
    at += source.length
  }
  return { ...nothing, blocks: limited([...kept, ...cut(text.slice(at))], rest) }
}

/** Returns a splitBlocks that remembers what it cut last. */
export function createSplitter(): (text: string) => Parts {
  let parts = nothing
  return (text) => (parts = splitBlocks(text, parts))
}

function share(text: string, rest: Block[], before: Parts): Parts {
  const references = {}
  const cutUp = limited(cut(text, references), rest)
  const found = new Map<string, string>()
  for (const { tokens } of cutUp) for (const t of tokens) if (t.type === 'note' && !found.has(t.info)) found.set(t.info, t.content)
  const notes = numbered(text, found).slice(0, limits.notes)
  const shared: Shared = { references, notes: Object.fromEntries(notes.map(({ name }, i) => [name, i + 1])) }
  // A note beyond the limit stays where it was written.
  const blocks = found.size <= limits.notes ? cutUp : cutUp.map((b) => (b.tokens.some((t) => t.type === 'note' && !(t.info in shared.notes)) ? { ...b, plain: true } : b))
  const same = JSON.stringify(shared) === JSON.stringify(before.shared)
  return { blocks, notes, shared: same ? before.shared : shared }
}

// Footnotes count in the order in which the text calls them.
function numbered(text: string, found: Map<string, string>): Parts['notes'] {
  if (found.size === 0) return []
  const order = new Set<string>()
  for (const [, name = ''] of text.matchAll(/\[\^([^\]\s]{1,80})\](?!:)/g)) if (found.has(name)) order.add(name)
  for (const name of found.keys()) order.add(name)
  return [...order].map((name) => ({ name, text: found.get(name) ?? '' }))
}

function cut(text: string, references: Shared['references'] = {}): Block[] {
  const tokens = parseBlocks(text, references)
  const starts: number[] = []
  tokens.forEach((t, i) => {
    if (t.level === 0 && t.nesting >= 0) starts.push(i)
  })
  if (starts.length === 0) return text ? [{ source: text, tokens: [], plain: false }] : []
  // Offsets of the lines at which blocks begin. The first block also has what stands before it.
  const offsets: number[] = []
  let line = 0
  let offset = 0
  for (const i of starts) {
    const want = tokens[i]?.map?.[0] ?? line
    for (; line < want; line++) offset = text.indexOf('\n', offset) + 1
    offsets.push(offsets.length === 0 ? 0 : offset)
  }
  return starts.map((start, i) => judge(text.slice(offsets[i], offsets[i + 1]), tokens.slice(start, starts[i + 1])))
}

function judge(source: string, tokens: Token[]): Block {
  const code = tokens.length === 1 && (tokens[0]?.type === 'fence' || tokens[0]?.type === 'code_block')
  const plain = !code && (source.length > limits.block || tokens.length > limits.tokens || tooDeep(tokens))
  return { source, tokens: plain ? [] : tokens, plain }
}

function limited(blocks: Block[], rest: Block[]): Block[] {
  if (blocks.length <= limits.blocks) return [...blocks, ...rest]
  const source = [...blocks.slice(limits.blocks), ...rest].map((b) => b.source).join('')
  return [...blocks.slice(0, limits.blocks), { source, tokens: [], plain: true }]
}

function endOfLine(text: string, at: number): number {
  const end = text.lastIndexOf('\n', at)
  return end > at / 2 ? end + 1 : at
}
