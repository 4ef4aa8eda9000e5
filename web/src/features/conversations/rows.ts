import type { Conversation, Folder } from '@/api/types'
import { groupByDate } from './groups'

/** One line of the sidebar's list. */
export type Row =
  | { kind: 'group'; key: string; name: string }
  | { kind: 'folder'; key: string; folder: Folder }
  | { kind: 'chat'; key: string; conversation: Conversation }

/** The lines of a list: the folders if there are any to show, then the chats under their dates. */
export function rowsOf(list: readonly Conversation[], folders?: readonly Folder[], now?: Date): Row[] {
  const rows: Row[] = []
  if (folders) {
    rows.push({ kind: 'group', key: 'folders', name: 'folders' })
    for (const folder of folders) rows.push({ kind: 'folder', key: folder.id, folder })
  }
  for (const { name, items } of groupByDate(list, now)) {
    rows.push({ kind: 'group', key: name, name })
    for (const conversation of items) rows.push({ kind: 'chat', key: conversation.id, conversation })
  }
  return rows
}

/** The chats between two of them, both ends included, in the order of the list. */
export function between(rows: readonly Row[], from: string, to: string): string[] {
  const ids = rows.flatMap((row) => (row.kind === 'chat' ? [row.key] : []))
  const [a, b] = [ids.indexOf(from), ids.indexOf(to)].sort((x, y) => x - y)
  return a === undefined || b === undefined || a < 0 ? [to] : ids.slice(a, b + 1)
}
