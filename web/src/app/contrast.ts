import { useSyncExternalStore } from 'react'
import { settings } from '@/kit/storage'

export type Contrast = 'system' | 'more'

const key = 'parley.contrast' // also read by public/theme.js
const system = matchMedia('(prefers-contrast: more)')
const listeners = new Set<() => void>()

const read = (): Contrast => (settings.get(key) === 'more' ? 'more' : 'system')

function apply() {
  const more = read() === 'more' || system.matches
  if (more) document.documentElement.dataset.contrast = 'more'
  else delete document.documentElement.dataset.contrast
  listeners.forEach((fn) => fn())
}

/** Follows the system and the other tabs. */
export function watchContrast() {
  system.addEventListener('change', apply)
  addEventListener('storage', (e) => e.key === key && apply())
}

export function setContrast(contrast: Contrast) {
  settings.set(key, contrast)
  apply()
}

export function useContrast(): Contrast {
  return useSyncExternalStore((fn) => {
    listeners.add(fn)
    return () => void listeners.delete(fn)
  }, read)
}
