import type { MarkdownIt, StateBlock, StateInline } from 'markdown-it'
import { limits } from './limits'

// Formulas: $…$ and \(…\) in a line, $$…$$ and \[…\] on lines of their own. The token is `formula`, its content
// the TeX, its markup the opening mark; `info` tells whether it is displayed and, of an unfinished one, that it is open.

const ends: Record<string, string> = { $: '$', $$: '$$', '\\(': '\\)', '\\[': '\\]' }

export function formulas(md: MarkdownIt) {
  md.inline.ruler.before('escape', 'formula', inline)
  md.block.ruler.before('fence', 'formula', block, { alt: ['paragraph', 'reference', 'blockquote', 'list'] })
}

function inline(state: StateInline, silent: boolean): boolean {
  const { src, pos } = state
  const mark = markAt(src, pos)
  if (!mark || (mark.startsWith('$') && src[pos - 1] === '$')) return false
  // A dollar after a letter or a digit belongs to a currency: US$5.
  if (mark === '$' && /[\p{L}\p{N}]/u.test(src[pos - 1] ?? '')) return false
  const from = pos + mark.length
  const to = endOf(src, from, Math.min(state.posMax, from + limits.formula), mark)
  if (to < 0) return false
  const tex = src.slice(from, to)
  if (mark === '$' ? !dollars(tex, src[to + 1]) : tex.trim() === '') return false
  if (!silent) {
    const token = state.push('formula', 'span', 0)
    token.content = tex.trim()
    token.markup = mark
    token.info = mark === '$$' || mark === '\\[' ? 'display' : ''
  }
  state.pos = to + mark.length
  return true
}

// The rule of pandoc, which keeps prices as text: no space within the dollars at either end, and no digit after
// them. A number and then plain words is a price in any case: $5 and 10$.
function dollars(tex: string, next = ''): boolean {
  if (tex === '' || /^\s|\s$/.test(tex) || /\d/.test(next)) return false
  return !/^[\d.,]+\s+\p{L}{2,}/u.test(tex) || /[\\^_={}]/.test(tex)
}

function markAt(src: string, pos: number): string | undefined {
  const two = src.slice(pos, pos + 2)
  if (two in ends) return two
  return src[pos] === '$' ? '$' : undefined
}

// Where the closing mark is. An escaped character closes nothing; what opens again was never closed.
function endOf(src: string, from: number, max: number, mark: string): number {
  const end = ends[mark] ?? mark
  for (let i = from; i < max; i++) {
    if (src.startsWith(end, i)) return i
    if (src[i] === '\\') {
      if (src.startsWith(mark, i)) return -1
      i++
    } else if (src[i] === '$') return -1
  }
  return -1
}

// A formula whose mark begins a line and that goes on over more lines. Within it nothing is Markdown, not even a
// line that begins with a minus. A blank line ends it unfinished: then it is no formula.
function block(state: StateBlock, start: number, end: number, silent: boolean): boolean {
  if ((state.sCount[start] ?? 0) - state.blkIndent >= 4) return false
  const first = lineOf(state, start)
  const mark = first.startsWith('$$') ? '$$' : first.startsWith('\\[') ? '\\[' : ''
  const close = ends[mark]
  if (!close || first.startsWith('$$$')) return false
  const rest = first.slice(mark.length).trimEnd()
  const at = rest.indexOf(close)
  const here = at > 0 && at === rest.length - close.length
  if (at >= 0 && !here) return false
  let line = start
  let closed = here
  while (!closed && ++line < end) {
    if (state.isEmpty(line) || (state.sCount[line] ?? 0) < state.blkIndent) return false
    const text = lineOf(state, line).trimEnd()
    closed = text.endsWith(close)
    if (!closed && text.includes(close)) return false
  }
  if (silent) return true
  const next = Math.min(line + 1, end)
  const whole = state.getLines(start, next, state.sCount[start] ?? 0, false).trim()
  const token = state.push('formula', 'div', 0)
  token.block = true
  token.content = whole.slice(mark.length, closed ? -close.length : undefined).trim()
  token.markup = mark
  token.info = closed ? 'display' : 'display open'
  token.map = [start, next]
  state.line = next
  return true
}

function lineOf(state: StateBlock, line: number): string {
  return state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line])
}
