import { useId, useState, type KeyboardEvent } from 'react'

/**
 * The keys of a list whose focus stays in a field: the arrows move, Home and End go to its ends when the
 * field has no use for them, Enter (and Tab, if told) chooses. `at` is the chosen place, -1 without any.
 */
export function useListbox(count: number, onChoose: (i: number) => void, { tab = false, begin = 0 } = {}) {
  const id = useId()
  const [wish, setAt] = useState(begin)
  const at = count === 0 ? -1 : Math.min(Math.max(wish, 0), count - 1)
  const onKeyDown = (e: KeyboardEvent): boolean => {
    if (count === 0 || e.nativeEvent.isComposing) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key]
    if (step) setAt((at + step + count) % count)
    else if (e.key === 'PageDown') setAt(Math.min(at + 8, count - 1))
    else if (e.key === 'PageUp') setAt(Math.max(at - 8, 0))
    else if (e.key === 'Enter' || (tab && e.key === 'Tab' && !e.shiftKey)) onChoose(at)
    else return false
    e.preventDefault()
    return true
  }
  return { id, at, setAt, onKeyDown, optionId: (i: number) => `${id}-${i}`, active: at < 0 ? undefined : `${id}-${at}` }
}
