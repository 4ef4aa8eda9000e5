import type { MarkdownIt, StateBlock, StateInline } from 'markdown-it'

// Footnotes: a definition is one block token `note` whose content is Markdown, a mark in the text is an inline
// token `note_mark`. Both have the name of the note as their content.

const definition = /^\[\^([^\]\s]{1,80})\]:[ \t]*/

// What begins a block of its own, and so is no more of a note's paragraph.
const begins = /^(?:[#>`~|[]|[-*+]\s|\d+[.)]\s)/

export function notes(md: MarkdownIt) {
  md.block.ruler.before('reference', 'note', block, { alt: ['paragraph', 'reference'] })
  md.inline.ruler.before('link', 'note_mark', inline)
}

function block(state: StateBlock, start: number, end: number, silent: boolean): boolean {
  if (state.level > 0 || (state.sCount[start] ?? 0) >= 4) return false
  const from = (state.bMarks[start] ?? 0) + (state.tShift[start] ?? 0)
  const match = definition.exec(state.src.slice(from, Math.min(state.eMarks[start] ?? 0, from + 100)))
  if (!match) return false
  if (silent) return true
  // What is indented, or goes on without a blank line, belongs to the note.
  let next = start + 1
  let last = next
  for (; next < end; next++) {
    if (state.isEmpty(next)) continue
    const lazy = next === last && !begins.test(state.src.slice((state.bMarks[next] ?? 0) + (state.tShift[next] ?? 0), state.eMarks[next]))
    if ((state.sCount[next] ?? 0) < 4 && !lazy) break
    last = next + 1
  }
  const token = state.push('note', 'li', 0)
  token.info = match[1] ?? ''
  token.content = `${state.src.slice(from + match[0].length, state.eMarks[start])}\n${state.getLines(start + 1, last, 4, false)}`.trim()
  token.map = [start, last]
  state.line = last
  return true
}

function inline(state: StateInline, silent: boolean): boolean {
  if (!state.src.startsWith('[^', state.pos)) return false
  const end = state.src.slice(state.pos, state.pos + 84).indexOf(']')
  const name = state.src.slice(state.pos + 2, state.pos + end)
  const known = state.env.notes as Record<string, number> | undefined
  if (end < 3 || !known || !Object.hasOwn(known, name)) return false
  if (!silent) state.push('note_mark', 'sup', 0).info = name
  state.pos += end + 1
  return true
}
