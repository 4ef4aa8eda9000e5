import { useSyncExternalStore } from 'react'
import { settings } from '@/kit/storage'

export type Theme = 'light' | 'dark' | 'system'

const key = 'parley.theme' // also read by public/theme.js
const system = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

function read(): Theme {
  const value = settings.get(key)
  return value === 'light' || value === 'dark' ? value : 'system'
}

function apply() {
  const theme = read()
  const dark = theme === 'dark' || (theme === 'system' && system.matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#1b1a18' : '#faf9f6')
  listeners.forEach((fn) => fn())
}

/** Follows the system and the other tabs. */
export function watchTheme() {
  system.addEventListener('change', apply)
  addEventListener('storage', (e) => e.key === key && apply())
}

export function setTheme(theme: Theme) {
  settings.set(key, theme)
  apply()
}

export function useTheme(): Theme {
  return useSyncExternalStore((fn) => {
    listeners.add(fn)
    return () => void listeners.delete(fn)
  }, read)
}
