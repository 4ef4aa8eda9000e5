import { useSyncExternalStore } from 'react'

type Direction = 'ltr' | 'rtl'

// The document's own direction is the only one there is: the language sets it, and what must know it asks here.
const html = document.documentElement

function subscribe(fn: () => void) {
  const observer = new MutationObserver(fn)
  observer.observe(html, { attributes: true, attributeFilter: ['dir'] })
  return () => observer.disconnect()
}

/** The way that the page runs, for the keys and places of what CSS does not decide. */
export function useDirection(): Direction {
  return useSyncExternalStore(subscribe, () => (html.dir === 'rtl' ? 'rtl' : 'ltr'))
}
