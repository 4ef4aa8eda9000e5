import type { Message } from '@/api/types'

/** The messages of a conversation, with who follows whom. An edit or a new answer makes siblings. */
export interface Tree {
  byId: Map<string, Message>
  /** The children of a message, oldest first. '' has those that begin the conversation. */
  children: Map<string, string[]>
}

/** Builds the tree of messages that come oldest first. */
export function buildTree(messages: readonly Message[]): Tree {
  const byId = new Map(messages.map((m) => [m.id, m]))
  const children = new Map<string, string[]>()
  for (const m of messages) {
    const parent = parentOf(byId, m)
    const list = children.get(parent)
    if (list) list.push(m.id)
    else children.set(parent, [m.id])
  }
  return { byId, children }
}

// A parent that is not among the messages counts as none, so that nothing becomes unreachable.
function parentOf(byId: Map<string, Message>, m: Message): string {
  return m.parent_id && m.parent_id !== m.id && byId.has(m.parent_id) ? m.parent_id : ''
}

/** The newest end of the branch that goes through id; '' begins at the root. */
export function newestLeaf(tree: Tree, id: string): string {
  const seen = new Set<string>()
  for (;;) {
    const last = tree.children.get(id)?.at(-1)
    if (last === undefined || seen.has(last)) return id
    seen.add(last)
    id = last
  }
}

/** The messages from the beginning to the leaf. Without a known leaf, to the newest end. */
export function pathTo(tree: Tree, leaf: string | null | undefined): Message[] {
  let at: string | undefined = leaf && tree.byId.has(leaf) ? leaf : newestLeaf(tree, '')
  const path: Message[] = []
  const seen = new Set<string>()
  while (at && !seen.has(at)) {
    seen.add(at)
    const m: Message | undefined = tree.byId.get(at)
    if (!m) break
    path.push(m)
    at = parentOf(tree.byId, m)
  }
  return path.reverse()
}

export interface Place {
  /** Counts from 1. */
  n: number
  total: number
  previous?: string
  next?: string
}

/** Where a message stands among its siblings. */
export function placeOf(tree: Tree, id: string): Place {
  const m = tree.byId.get(id)
  const list = (m && tree.children.get(parentOf(tree.byId, m))) ?? [id]
  const i = Math.max(0, list.indexOf(id))
  return { n: i + 1, total: list.length, previous: list[i - 1], next: list[i + 1] }
}
