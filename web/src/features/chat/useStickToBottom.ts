import { useCallback, useLayoutEffect, useRef, useState } from 'react'
import { scrolling } from '@/kit/media'

/**
 * Keeps a scrolled box at its end while its content grows, for as long as the reader leaves it there.
 * The least move up, or a selection in the text, lets go; coming back to the end holds on again.
 */
export function useStickToBottom() {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const stuck = useRef(true)
  const [away, setAway] = useState(false)

  useLayoutEffect(() => {
    const el = box.current
    const inner = content.current
    if (!el || !inner) return
    let last = el.scrollTop
    let touching = false
    const gap = () => el.scrollHeight - el.clientHeight - el.scrollTop
    const follow = () => {
      if (stuck.current && !touching && !selectsIn(el)) el.scrollTop = el.scrollHeight
      setAway(gap() > 120)
    }
    const scrolled = () => {
      if (el.scrollTop < last - 1 && gap() > 4) stuck.current = false
      else if (el.scrollTop > last && gap() < 40) stuck.current = true
      last = el.scrollTop
      setAway(gap() > 120)
    }
    // The wheel tells the reader's wish before the scroll does, and so wins over text that arrives between.
    const wheel = (e: WheelEvent) => {
      if (e.deltaY < 0 && el.scrollHeight > el.clientHeight) stuck.current = false
    }
    const touch = () => {
      touching = true
    }
    const untouch = () => {
      touching = false
      if (gap() > 40) stuck.current = false
    }
    const observer = new ResizeObserver(follow)
    observer.observe(el)
    observer.observe(inner)
    el.addEventListener('scroll', scrolled, { passive: true })
    el.addEventListener('wheel', wheel, { passive: true })
    el.addEventListener('touchstart', touch, { passive: true })
    el.addEventListener('touchend', untouch, { passive: true })
    el.addEventListener('touchcancel', untouch, { passive: true })
    follow()
    return () => {
      observer.disconnect()
      el.removeEventListener('scroll', scrolled)
      el.removeEventListener('wheel', wheel)
      el.removeEventListener('touchstart', touch)
      el.removeEventListener('touchend', untouch)
      el.removeEventListener('touchcancel', untouch)
    }
  }, [])

  const jump = useCallback((smooth = false) => {
    const el = box.current
    if (!el) return
    stuck.current = true
    el.scrollTo({ top: el.scrollHeight, behavior: smooth ? scrolling() : 'instant' })
  }, [])

  const letGo = useCallback(() => {
    stuck.current = false
  }, [])

  return { box, content, away, jump, letGo }
}

function selectsIn(el: HTMLElement): boolean {
  const selection = document.getSelection()
  return selection !== null && !selection.isCollapsed && el.contains(selection.anchorNode)
}
