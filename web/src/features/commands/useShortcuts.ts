import { useEffect } from 'react'
import { matches, shortcutsOn } from './keys'
import { offered } from './offers'
import { table } from './table'

/** Does the command whose keys are pressed, if something offers it now. */
export function useShortcuts() {
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.repeat || e.isComposing || !shortcutsOn()) return
      const entry = table.find((c) => c.keys && !c.own && matches(c.keys, e))
      const run = entry && offered(entry.id)
      if (!run || behind(entry.id)) return
      e.preventDefault()
      run()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

// A dialog has the page to itself, but for the keys that it names, by which it closes.
function behind(id: string): boolean {
  const open = document.querySelector('[role="dialog"], [role="menu"]')
  const named = `[data-keys="${id}"]`
  return open !== null && !open.matches(named) && !open.querySelector(named)
}
