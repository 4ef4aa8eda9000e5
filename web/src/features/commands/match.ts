const plain = (text: string) =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()

const words = (text: string) => plain(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean)

// How well a word of the query fits one of the text: its beginning, a part of it, its letters in order.
function fit(wanted: string, word: string): number {
  if (word.startsWith(wanted)) return 3
  if (word.includes(wanted)) return 2
  let at = 0
  for (const letter of word) if (letter === wanted[at]) at++
  return at === wanted.length && wanted.length > 2 && word.startsWith(wanted.charAt(0)) ? 1 : 0
}

/** How well a text fits a query, of which it must have every word in any order; 0 for not at all. */
export function score(query: string, text: string): number {
  const have = words(text)
  let sum = 0
  for (const wanted of words(query)) {
    const best = Math.max(0, ...have.map((word) => fit(wanted, word)))
    if (best === 0) return 0
    sum += best
  }
  return sum
}

/** The entries that fit a query, the best first; all of them, in their order, without one. */
export function fitting<T>(query: string, list: readonly T[], text: (entry: T) => string): T[] {
  if (words(query).length === 0) return query.trim() ? [] : [...list]
  return list
    .map((entry) => ({ entry, n: score(query, text(entry)) }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n)
    .map(({ entry }) => entry)
}
