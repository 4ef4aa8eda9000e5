import type { Conversation } from '@/api/types'

export interface Group {
  /** A key of the strings in `list`, or a month as YYYY-MM. */
  name: 'pinned' | 'today' | 'yesterday' | 'week' | 'month' | (string & {})
  items: Conversation[]
}

const day = 24 * 60 * 60 * 1000

/** Puts conversations, newest first, under the day or month of their last change; pinned ones lead. */
export function groupByDate(list: readonly Conversation[], now = new Date()): Group[] {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime()
  const groups = new Map<string, Conversation[]>()
  if (list.some((c) => c.pinned)) groups.set('pinned', [])
  for (const c of list) {
    const name = c.pinned ? 'pinned' : dateName(new Date(c.updated_at), midnight)
    const items = groups.get(name)
    if (items) items.push(c)
    else groups.set(name, [c])
  }
  return [...groups].map(([name, items]) => ({ name, items }))
}

function dateName(at: Date, midnight: number): string {
  const time = at.getTime()
  if (time >= midnight) return 'today'
  if (time >= midnight - day) return 'yesterday'
  if (time >= midnight - 7 * day) return 'week'
  if (time >= midnight - 30 * day) return 'month'
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}`
}
