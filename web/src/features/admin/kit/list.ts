/** What a list can be narrowed and sorted by. */
export interface ListSpec {
  /** The values of each filter; null takes any text. */
  filters?: Record<string, readonly string[] | null>
  /** The columns that can be sorted by; the first is the order without a choice, "-name" for downwards. */
  sorts?: readonly string[]
}

export interface ListState {
  q: string
  filters: Record<string, string>
  sort: string
  down: boolean
}

/** What an address holds behind its question mark. */
export type Search = Record<string, string | undefined>

/** The same without the form for something new. */
export const withoutNew = ({ new: _new, ...rest }: Search): Search => rest

/** Reads a list's state from the address. What the list does not know is ignored. */
export function readList(search: Search, spec: ListSpec): ListState {
  const filters: Record<string, string> = {}
  for (const [name, values] of Object.entries(spec.filters ?? {})) {
    const value = search[name]
    if (value && (values === null || values.includes(value))) filters[name] = value
  }
  const known = (sort: string | undefined) => sort !== undefined && !!spec.sorts?.some((s) => bare(s) === bare(sort))
  const sort = known(search.sort) ? search.sort! : (spec.sorts?.[0] ?? '')
  return { q: search.q ?? '', filters, sort: bare(sort), down: sort.startsWith('-') }
}

const bare = (sort: string) => sort.replace(/^-/, '')

/** Writes a list's state into the address beside what else is there. What is the default is left out. */
export function writeList(search: Search, state: ListState, spec: ListSpec): Search {
  const next: Search = { ...search, q: state.q || undefined }
  for (const name of Object.keys(spec.filters ?? {})) next[name] = state.filters[name] || undefined
  const sort = (state.down ? '-' : '') + state.sort
  next.sort = sort === (spec.sorts?.[0] ?? '') ? undefined : sort
  return next
}

/** Whether anything is chosen that may hide rows. */
export const isNarrowed = (state: ListState) => state.q !== '' || Object.keys(state.filters).length > 0

/** Whether any of the texts has every word of q, whatever the case and the accents. */
export function matches(q: string, ...texts: (string | undefined)[]): boolean {
  const all = fold(texts.join('\n'))
  return fold(q)
    .split(/\s+/)
    .every((word) => all.includes(word))
}

const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

type Value = string | number | null | undefined

/** Returns the rows in order. Equal rows keep theirs, and rows without a value come last, whatever the direction. */
export function sorted<T>(rows: T[], value: ((row: T) => Value) | undefined, down: boolean, language?: string): T[] {
  if (!value) return rows
  const { compare } = new Intl.Collator(language, { numeric: true, sensitivity: 'accent' })
  const none = (v: Value) => v === null || v === undefined || v === ''
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)]
    if (none(x) || none(y)) return Number(none(x)) - Number(none(y))
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : compare(String(x), String(y))
    return down ? -order : order
  })
}
