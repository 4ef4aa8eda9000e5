/** Cuts a snippet into parts that match a word of the query and parts that do not. */
export function marked(snippet: string, q: string): { text: string; hit: boolean }[] {
  const words = q.split(/\s+/).filter(Boolean).map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  if (words.length === 0) return [{ text: snippet, hit: false }]
  return snippet
    .split(new RegExp(`(${words.join('|')})`, 'iu'))
    .map((text, i) => ({ text, hit: i % 2 === 1 }))
    .filter((part) => part.text !== '')
}

/** A piece of Markdown as words: without its marks, the cells of a table beside each other. */
export function plain(snippet: string): string {
  const rules = /\|?(?:\s*:?-{3,}:?\s*\|)+/g
  const table = rules.test(snippet) || (snippet.match(/(?:^|\s)\|(?=\s|$)/g)?.length ?? 0) > 2
  return (table ? snippet.replace(rules, ' ').replace(/\s*(?:\|\s*)+/g, ' · ') : snippet)
    .replace(/(^|[\s(])(?:\*\*|~~|#{1,6}\s)(?=\S)/g, '$1')
    .replace(/(\S)(?:\*\*|~~)(?=[\s).,;:!?]|$)/g, '$1')
    .replace(/`+/g, '')
    .replace(/^[\s·]+|[\s·]+$/g, '')
}
