import { createContext, startTransition, useContext, useEffect, useRef, useState, type ReactNode } from 'react'
import type { Message } from '@/api/types'

/** Tells when an element comes near to what is in sight, once. */
export interface Nearness {
  watch: (el: Element, fn: () => void) => () => void
}

const NearnessContext = createContext<Nearness | null>(null)
export const NearnessProvider = NearnessContext.Provider

/** Makes a Nearness for what scrolls in the element with data-scrolls around it. */
export function createNearness(): Nearness & { stop: () => void } {
  const calls = new Map<Element, () => void>()
  let observer: IntersectionObserver | undefined
  return {
    watch(el, fn) {
      observer ??= new IntersectionObserver(
        (entries) => {
          for (const entry of entries) if (entry.isIntersecting) calls.get(entry.target)?.()
        },
        { root: el.closest('[data-scrolls]'), rootMargin: '1200px 0px' },
      )
      calls.set(el, fn)
      observer.observe(el)
      return () => {
        calls.delete(el)
        observer?.unobserve(el)
      }
    },
    stop: () => observer?.disconnect(),
  }
}

/** The words that say whose message it is, for those who hear the page. */
export interface Speakers {
  you: string
  parley: string
}

interface Props {
  message: Message
  /** Drawn from the start, as are the last ones of a conversation. */
  drawn: boolean
  speakers: Speakers
  children: () => ReactNode
}

/**
 * A message that is drawn in full once it comes near. Until then its bare text stands there, laid out only
 * when it is seen, so that a long conversation opens at once and the browser's own search still finds all.
 */
export function LazyRow({ message, drawn, speakers, children }: Props) {
  const nearness = useContext(NearnessContext)
  const [near, setNear] = useState(drawn || !nearness)
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (near || !row.current) return
    // Not urgent: the scrolling goes first.
    return nearness?.watch(row.current, () => startTransition(() => setNear(true)))
  }, [near, nearness])
  const lines = Math.ceil(message.text.length / 85) + 2
  return (
    <div ref={row} className="row" style={{ containIntrinsicBlockSize: `auto ${Math.min(lines * 27, 4000)}px` }}>
      {near ? (
        children()
      ) : (
        <article id={message.id} className={message.role === 'user' ? 'flex flex-col items-end' : undefined}>
          <h2 className="sr-only">{message.role === 'user' ? speakers.you : speakers.parley}</h2>
          <div dir="auto" className="text-read wrap-anywhere whitespace-pre-wrap">{message.text}</div>
        </article>
      )}
    </div>
  )
}
