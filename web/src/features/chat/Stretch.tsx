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
  messages: readonly Message[]
  /** Drawn from the start, as is the end of a conversation. */
  drawn: boolean
  speakers: Speakers
  children: () => ReactNode
}

/**
 * Messages that are drawn in full once they come near. Until then their bare text stands there, laid out only
 * when it is seen, so that a long conversation opens at once and the browser's own search still finds all.
 * They are some together, since each element that is watched costs time in every frame.
 */
export function Stretch({ messages, drawn, speakers, children }: Props) {
  const nearness = useContext(NearnessContext)
  const [near, setNear] = useState(drawn || !nearness)
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (near || !place.current) return
    // Not urgent: the scrolling goes first.
    return nearness?.watch(place.current, () => startTransition(() => setNear(true)))
  }, [near, nearness])
  const height = messages.reduce((sum, m) => sum + Math.min((Math.ceil(m.text.length / 85) + 2) * 27, 4000), 0)
  return (
    <div ref={place} className="stretch" style={{ containIntrinsicBlockSize: `auto ${height}px` }}>
      {near
        ? children()
        : messages.map((m) => (
            <article key={m.id} id={m.id} className={m.role === 'user' ? 'row flex flex-col items-end' : 'row'}>
              <h2 className="sr-only">{m.role === 'user' ? speakers.you : speakers.parley}</h2>
              <div dir="auto" className="text-read wrap-anywhere whitespace-pre-wrap">{m.text}</div>
            </article>
          ))}
    </div>
  )
}
