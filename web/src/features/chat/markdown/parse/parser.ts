import MarkdownIt, { type Token } from 'markdown-it'
import { formulas } from './formulas'
import { limits } from './limits'
import { notes } from './notes'

export type { Token }

/** What blocks far apart in a text share. Its identity changes only when its content does. */
export interface Shared {
  references: Record<string, { title: string; href: string }>
  /** The numbers of the footnotes by their names. */
  notes: Record<string, number>
}

export const nothingShared: Shared = { references: {}, notes: {} }

// A tag of HTML is a token whose content is drawn as text, so that nothing in it becomes a link; what is between
// tags is Markdown. Every address becomes a token: what may be followed or shown is decided where it is drawn.
// Words with a dot are no links, since most are names of files.
const md = new MarkdownIt({ html: true, linkify: true, maxNesting: limits.nesting }).disable('html_block').use(formulas).use(notes)
md.validateLink = () => true
md.linkify.set({ fuzzyLink: false, fuzzyIP: false })

/** The block tokens of a text; the text within them is not parsed yet. Definitions go into `references`. */
export function parseBlocks(text: string, references: Shared['references'] = {}): Token[] {
  const tokens: Token[] = []
  md.block.parse(text, md, { references }, tokens)
  return tokens
}

/** The tokens of the text of a paragraph, heading or cell. */
export function parseInline(text: string, shared: Shared): Token[] {
  return md.parseInline(text, { references: shared.references, notes: shared.notes })[0]?.children ?? []
}

/** Whether the parser left out a part of the text because it is nested too deeply. */
export function tooDeep(tokens: Token[]): boolean {
  return tokens.some((t) => t.nesting === 1 && t.level >= limits.nesting - 1)
}

/** Whether a fence has its closing line. The lines of its text and the opening one are fewer then. */
export function closedFence(token: Token): boolean {
  const [from, to] = token.map ?? [0, 0]
  const lines = token.content === '' ? 0 : token.content.replace(/\n$/, '').split('\n').length
  return to - from - 1 > lines
}
