import { useRef } from 'react'

/**
 * Gives the focus back to what had it when a dialog opened, for dialogs that no trigger of their own opens.
 * `after` is called then: what it focuses keeps the focus.
 */
export function useReturnFocus(after?: () => void) {
  const origin = useRef<HTMLElement>(null)
  return {
    onOpenAutoFocus: () => {
      const had = document.activeElement
      // A menu goes away with the choice that was made in it; the button that opens it stays.
      const button = had?.closest('[role="menu"]')?.getAttribute('aria-labelledby')
      const place = button ? document.getElementById(button) : had
      origin.current = place instanceof HTMLElement ? place : null
    },
    onCloseAutoFocus: (e: Event) => {
      e.preventDefault()
      if (origin.current?.isConnected) origin.current.focus({ preventScroll: true })
      after?.()
    },
  }
}
