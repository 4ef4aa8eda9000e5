import { expect, test } from 'vitest'
import { chapters } from './sections'

const parts = import.meta.glob<Record<string, unknown>>(
  [
    '../src/kit/*.tsx',
    '../src/features/admin/kit/*.tsx',
    '../src/features/chat/*.tsx',
    '../src/features/chat/markdown/{Answer,Reasoning,ToolCard}.tsx',
    '../src/features/conversations/*.tsx',
    '../src/features/knowledge/*.tsx',
    '!**/*.test.tsx',
  ],
  { eager: true },
)

// They draw nothing of their own, put together what is shown by itself, or are the frame of a whole page.
const unseen = {
  nothing: ['RemoveScroll', 'NearnessProvider', 'Stretch', 'VirtualList'],
  whole: ['ChatPage', 'Thread', 'Rows', 'PairedRow', 'Sidebar', 'ConversationList', 'Page'],
  // In the menus of the rows, and dialogs of the kit around one field.
  inside: ['ExportMenu', 'MoveMenu', 'FolderMenu', 'FolderDialogs'],
}

test('the gallery shows every component of the kits, the chat, the sidebar and the knowledge', () => {
  const shown = new Set<unknown>(chapters.flatMap((c) => c.sections).flatMap((s) => Object.values(s.of)))
  const missing = Object.values(parts)
    .flatMap(Object.entries)
    .filter(([name, value]) => /^[A-Z]/.test(name) && typeof value !== 'string' && !shown.has(value))
    .map(([name]) => name)
  expect(missing.sort()).toEqual(Object.values(unseen).flat().sort())
})
