import { useEffect, useEffectEvent } from 'react'

interface Actions {
  newChat: () => void
  search: () => void
  sidebar: () => void
  composer: () => void
}

/** Ctrl (or Command) with Shift+O: new chat, K: search, Shift+S: sidebar; Shift+Escape: the composer. */
export function useShortcuts(actions: Actions) {
  const onKey = useEffectEvent((e: KeyboardEvent) => {
    const key = e.key.toLowerCase()
    const command = e.metaKey || e.ctrlKey
    const act =
      key === 'escape' && e.shiftKey
        ? actions.composer
        : !command || e.altKey
          ? undefined
          : e.shiftKey
            ? { o: actions.newChat, s: actions.sidebar }[key]
            : { k: actions.search }[key]
    if (!act) return
    e.preventDefault()
    act()
  })
  useEffect(() => {
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
