/** A word that opens a list above the composer: "/" prompts, "@" models, "#" knowledge. */
export interface Trigger {
  kind: 'prompt' | 'model' | 'knowledge'
  query: string
  /** Where the word is in the text. */
  from: number
  to: number
}

const kinds = { '/': 'prompt', '@': 'model', '#': 'knowledge' } as const

/** The word before the caret that opens a list, if there is one. */
export function triggerAt(text: string, caret: number): Trigger | null {
  const word = /(^|\s)([/@#])(\S{0,40})$/u.exec(text.slice(0, caret))
  if (!word || /^\S/.test(text.slice(caret))) return null
  const [all, gap = '', sign, query = ''] = word
  const from = caret - all.length + gap.length
  // A slash further on is a path, or a date.
  if (sign === '/' && text.slice(0, from).trim() !== '') return null
  if (sign === '/' && query.includes('/')) return null
  return { kind: kinds[sign as keyof typeof kinds], query, from, to: caret }
}

/** The text with the word of a trigger replaced. */
export function replaceTrigger(text: string, { from, to }: Trigger, by: string): string {
  return text.slice(0, from) + by + text.slice(by ? to : to + Number(/^\s/.test(text.slice(to))))
}
