import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import { unified } from 'unified'

const parser = unified().use(remarkParse).use(remarkGfm)

// A definition is used from anywhere in the text, so a text that has one stays whole.
const definition = /^ {0,3}\[[^\]\n]+\]:/m

/**
 * Cuts Markdown into its top-level blocks; joined they are the text. A block before the last two never
 * changes as text is appended, so what was cut before is kept, and a long answer costs no more per
 * token than a short one.
 */
export function splitBlocks(text: string, before: readonly string[] = []): string[] {
  if (definition.test(text)) return [text]
  const kept = before.slice(0, -2)
  let at = 0
  for (const block of kept) {
    if (!text.startsWith(block, at)) return cut(text)
    at += block.length
  }
  return [...kept, ...cut(text.slice(at))]
}

/** Returns a splitBlocks that remembers what it cut last. */
export function createSplitter(): (text: string) => string[] {
  let blocks: string[] = []
  return (text) => (blocks = splitBlocks(text, blocks))
}

function cut(text: string): string[] {
  const starts = parser.parse(text).children.map((node) => node.position?.start.offset ?? 0)
  if (starts.length < 2) return [text]
  starts[0] = 0
  return starts.map((start, i) => text.slice(start, starts[i + 1]))
}
