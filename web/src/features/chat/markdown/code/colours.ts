import { createHighlighterCore, type HighlighterCore } from '@shikijs/core'
import { createJavaScriptRegexEngine } from '@shikijs/engine-javascript'
import { limits } from '../parse/limits'
import { grammars } from './grammars'
import { kindOf, theme } from './theme'

/**
 * A line as pairs: so many characters, then the number of their kind in theme.ts plus one, 0 for none.
 */
export type Line = number[]

/**
 * How many milliseconds one line may take; the rest of it stays plain. The first line of a language takes some tenths
 * of a second on a slow machine, since the expressions of its grammar are compiled then.
 */
const lineTime = 1_000

let highlighter: Promise<HighlighterCore> | undefined

/** The colours of a piece of code, line by line; undefined for a language that has none. It runs in the worker. */
export async function colour(text: string, language: string): Promise<Line[] | undefined> {
  const grammar = grammars[language]
  if (!grammar) return undefined
  highlighter ??= createHighlighterCore({ themes: [theme], langs: [], engine: createJavaScriptRegexEngine({ forgiving: true }) })
  const core = await highlighter
  await core.loadLanguage(grammar)
  const lines = core.codeToTokensBase(text, { lang: language, theme: 'parley', tokenizeMaxLineLength: limits.colouredLine, tokenizeTimeLimit: lineTime })
  return lines.map((tokens) => {
    const line: Line = []
    for (const { content, color } of tokens) {
      const kind = content.trim() === '' ? (line.at(-1) ?? 0) : kindOf(color)
      // Neighbours of one kind are one piece.
      if (line.at(-1) === kind && line.length > 0) line[line.length - 2] = (line.at(-2) ?? 0) + content.length
      else line.push(content.length, kind)
    }
    return line
  })
}
