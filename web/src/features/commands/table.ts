import { ArrowDownToLine, BookText, Copy, Keyboard, LogOut, MessageCircleDashed, PanelLeft, Search, Settings, Square, SquarePen, type LucideIcon } from 'lucide-react'
import type { en } from '@/i18n/en'

/** A key with what is held while it is pressed. */
export interface Keys {
  /** As KeyboardEvent.key has it, letters small. */
  key: string
  /** Control, or Command on a Mac. */
  mod?: boolean
  shift?: boolean
}

export type CommandId = keyof (typeof en)['commands']['name']
export type Group = keyof (typeof en)['commands']['group']

interface Entry {
  id: CommandId
  group: Group
  icon: LucideIcon
  keys?: Keys
  /** The field or the dialog that has the focus acts on the keys by itself. */
  own?: boolean
}

/** What can be done from everywhere, and by which keys: the source of the palette, the sheet, the tooltips and the handler. */
export const table: readonly Entry[] = [
  { id: 'newChat', group: 'chat', icon: SquarePen, keys: { key: 'o', mod: true, shift: true } },
  { id: 'temporary', group: 'chat', icon: MessageCircleDashed },
  { id: 'copyAnswer', group: 'chat', icon: Copy, keys: { key: 'c', mod: true, shift: true } },
  { id: 'stop', group: 'chat', icon: Square, keys: { key: 'escape' }, own: true },
  { id: 'composer', group: 'chat', icon: ArrowDownToLine, keys: { key: 'escape', shift: true } },
  { id: 'palette', group: 'page', icon: Search, keys: { key: 'k', mod: true } },
  { id: 'sidebar', group: 'page', icon: PanelLeft, keys: { key: 's', mod: true, shift: true } },
  { id: 'settings', group: 'page', icon: Settings },
  { id: 'prompts', group: 'page', icon: BookText },
  { id: 'sheet', group: 'page', icon: Keyboard, keys: { key: '/', mod: true } },
  { id: 'signOut', group: 'page', icon: LogOut },
]

/** What the fields of the page do with their keys, for the sheet. */
export const typing: readonly { id: keyof (typeof en)['commands']['typing']; keys: Keys }[] = [
  { id: 'send', keys: { key: 'enter' } },
  { id: 'newLine', keys: { key: 'enter', shift: true } },
  { id: 'saveEdit', keys: { key: 'enter', mod: true } },
  { id: 'close', keys: { key: 'escape' } },
]

/** The groups, in the order in which they are shown. */
export const groups: readonly Group[] = ['chat', 'page', 'look', 'admin']
