import { useEffect } from 'react'
import { composerId } from './Composer'

/**
 * Gives the focus a place when what had it went with a new question: an editor, the button that asks again,
 * a menu. That place is the composer, or on a phone, whose keyboard would rise, the page.
 */
export function useKeepFocus(ticket: string | undefined) {
  useEffect(() => {
    if (!ticket) return
    const had = document.activeElement
    if (had && had !== document.body && !had.closest('[role="menu"]')) return
    document.getElementById(matchMedia('(pointer: coarse)').matches ? 'main' : composerId)?.focus({ preventScroll: true })
  }, [ticket])
}
