import { useState, useSyncExternalStore } from 'react'
import { settings } from '@/kit/storage'

const wide = matchMedia('(min-width: 800px)')
const key = 'parley.sidebar'

/** Whether the sidebar has room beside the chat. */
export function useWide(): boolean {
  return useSyncExternalStore(
    (fn) => {
      wide.addEventListener('change', fn)
      return () => wide.removeEventListener('change', fn)
    },
    () => wide.matches,
  )
}

/** Whether the sidebar is shown where it has room. */
export function useSidebarOpen(): [boolean, (open: boolean) => void] {
  const [open, setOpen] = useState(() => settings.get(key) !== 'closed')
  return [
    open,
    (next) => {
      settings.set(key, next ? 'open' : 'closed')
      setOpen(next)
    },
  ]
}
