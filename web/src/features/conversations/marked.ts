/** Cuts a snippet into parts that match a word of the query and parts that do not. */
export function marked(snippet: string, q: string): { text: string; hit: boolean }[] {
  const words = q.split(/\s+/).filter(Boolean).map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  if (words.length === 0) return [{ text: snippet, hit: false }]
  return snippet
    .split(new RegExp(`(${words.join('|')})`, 'iu'))
    .map((text, i) => ({ text, hit: i % 2 === 1 }))
    .filter((part) => part.text !== '')
}
