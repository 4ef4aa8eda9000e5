import { useSyncExternalStore } from 'react'

function watch(query: string) {
  const list = matchMedia(query)
  const subscribe = (fn: () => void) => {
    list.addEventListener('change', fn)
    return () => list.removeEventListener('change', fn)
  }
  return () => useSyncExternalStore(subscribe, () => list.matches)
}

/** Whether the screen is wider than a phone's; the breakpoint sm of the styles. */
export const useBroad = watch('(min-width: 40rem)')

/** Whether two answers have room beside each other. */
export const useRoomForTwo = watch('(min-width: 900px)')

const less = matchMedia('(prefers-reduced-motion: reduce)')

/** How a scroll that the page makes moves: not at all for whom motion is reduced. */
export const scrolling = (): ScrollBehavior => (less.matches ? 'instant' : 'smooth')
