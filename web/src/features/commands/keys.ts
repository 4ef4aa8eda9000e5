import { useSyncExternalStore } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { settings } from '@/kit/storage'
import { table, type CommandId, type Keys } from './table'

export const mac = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** Whether an event is of these keys. */
export function matches(keys: Keys, e: KeyboardEvent): boolean {
  // On a Mac, Control with a letter edits text.
  const mod = mac ? e.metaKey && !e.ctrlKey : e.ctrlKey && !e.metaKey
  // Alt with Control is AltGr, which writes characters.
  if (e.altKey || mod !== Boolean(keys.mod)) return false
  // Where "/" sits on a digit it comes with Shift.
  if (keys.key !== '/' && e.shiftKey !== Boolean(keys.shift)) return false
  return keyOf(e) === keys.key
}

// The key in Latin letters: with another script its place on the keyboard tells.
function keyOf(e: KeyboardEvent): string {
  const key = e.key.toLowerCase()
  if (key.length > 1 || key.charCodeAt(0) < 128) return key
  if (e.code === 'Slash') return '/'
  return /^Key([A-Z])$/.exec(e.code)?.[1]?.toLowerCase() ?? key
}

/** Returns a function that writes keys as they stand on the reader's keyboard, one word a key. */
export function useKeyNames(): (keys: Keys) => string[] {
  const { t } = useTranslation()
  const named: Record<string, string> = { escape: t('commands.key.escape'), enter: mac ? '↩' : t('commands.key.enter') }
  return ({ key, mod, shift }) => [
    ...(mod ? [mac ? '⌘' : t('commands.key.control')] : []),
    ...(shift ? [mac ? '⇧' : t('commands.key.shift')] : []),
    named[key] ?? key.toUpperCase(),
  ]
}

/** The keys of a command, for a tooltip; undefined when there are none or shortcuts are switched off. */
export function useKeysOf(id: CommandId): string | undefined {
  const names = useKeyNames()
  const on = useShortcutsOn()
  const entry = table.find((c) => c.id === id)
  return entry?.keys && (on || entry.own) ? names(entry.keys).join(mac ? '' : '+') : undefined
}

const key = 'parley.shortcuts'
const listeners = new Set<() => void>()

/** Whether the page acts on shortcuts. They can be switched off in this browser, where they clash with its own. */
export const shortcutsOn = () => settings.get(key) !== 'off'

export function setShortcuts(on: boolean) {
  if (on) settings.remove(key)
  else settings.set(key, 'off')
  listeners.forEach((fn) => fn())
}

export function useShortcutsOn(): boolean {
  return useSyncExternalStore((fn) => {
    listeners.add(fn)
    return () => void listeners.delete(fn)
  }, shortcutsOn)
}
