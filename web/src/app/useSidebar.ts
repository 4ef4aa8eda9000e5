import { useState, useSyncExternalStore } from 'react'
import { sidebarWanted, wantSidebar, wide } from './room'

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
  const [open, setOpen] = useState(sidebarWanted)
  return [
    open,
    (next) => {
      wantSidebar(next)
      setOpen(next)
    },
  ]
}
