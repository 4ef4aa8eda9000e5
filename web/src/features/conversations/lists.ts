import type { InfiniteData } from '@tanstack/react-query'
import type { Conversation, Page } from '@/api/types'

/** Which conversations a list holds. */
export interface Filter {
  archived: boolean
  /** A folder's id, "none" for those outside of every folder, '' for all. */
  folder: string
}

export type Pages = InfiniteData<Page<Conversation>, string>

/** Whether a list shows a conversation. */
export function belongs(filter: Filter, c: Conversation): boolean {
  if (c.temporary || (c.status === 'archived') !== filter.archived) return false
  return filter.folder === '' || (c.folder_id || 'none') === filter.folder
}

// The server's order: the pinned ones, then the last changed first.
function before(a: Conversation, b: Conversation): boolean {
  if (a.pinned !== b.pinned) return a.pinned
  if (a.updated_at !== b.updated_at) return a.updated_at > b.updated_at
  return a.id > b.id
}

/** The list after a conversation was changed: without it, or with it in its place. */
export function put(pages: Pages, filter: Filter, c: Conversation): Pages {
  const bare = without(pages, new Set([c.id]))
  if (!belongs(filter, c)) return bare
  let placed = false
  const out = bare.pages.map((page) => {
    if (placed) return page
    const i = page.data.findIndex((other) => before(c, other))
    if (i < 0) return page
    placed = true
    return { ...page, data: [...page.data.slice(0, i), c, ...page.data.slice(i)] }
  })
  const last = out.at(-1)
  // Beyond the end of what is loaded it comes with its own page.
  if (!placed && last && !last.next_cursor) out[out.length - 1] = { ...last, data: [...last.data, c] }
  return { ...bare, pages: out }
}

export function without(pages: Pages, ids: ReadonlySet<string>): Pages {
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, data: page.data.filter((c) => !ids.has(c.id)) })) }
}

/**
 * The list with a new first page. What was loaded beyond it is kept, so that a long list is not fetched
 * again as a whole for each change at its top.
 */
export function withFirst(pages: Pages, first: Page<Conversation>): Pages {
  const end = first.data.at(-1)
  if (!first.next_cursor || !end) return { pages: [first], pageParams: [''] }
  const fresh = new Set(first.data.map((c) => c.id))
  const rest = pages.pages.flatMap((page) => page.data).filter((c) => !fresh.has(c.id) && before(end, c))
  return {
    pages: [first, { data: rest, next_cursor: rest.length > 0 ? pages.pages.at(-1)?.next_cursor : first.next_cursor }],
    pageParams: ['', first.next_cursor],
  }
}
