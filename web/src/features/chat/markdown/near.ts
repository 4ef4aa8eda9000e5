import { useEffect, useState, type RefObject } from 'react'

const watched = new Map<Element, () => void>()
let observer: IntersectionObserver | undefined

/** Tells once when an element is on the screen or about to be. Where that cannot be known it is told at once. */
export function whenNear(el: Element, tell: () => void): () => void {
  if (typeof IntersectionObserver === 'undefined') {
    tell()
    return () => {}
  }
  observer ??= new IntersectionObserver(arrive, { rootMargin: '800px' })
  watched.set(el, tell)
  observer.observe(el)
  return () => forget(el)
}

// It stands apart so that it holds on to no element.
function arrive(entries: IntersectionObserverEntry[]) {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue
    const fn = watched.get(target)
    forget(target)
    fn?.()
  }
}

function forget(el: Element) {
  watched.delete(el)
  observer?.unobserve(el)
}

/** Whether an element is or was near the screen. */
export function useNear(ref: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false)
  useEffect(() => {
    const el = ref.current
    return el ? whenNear(el, () => setNear(true)) : undefined
  }, [ref])
  return near
}
