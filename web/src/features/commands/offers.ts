import { useEffect, useLayoutEffect, useRef, useSyncExternalStore } from 'react'
import type { CommandId } from './table'

type Run = () => void

// Who offers a command last is asked first: a page may be replaced before the old one is gone.
const offers = new Map<CommandId, Run[]>()
const listeners = new Set<Run>()
let version = 0

function changed() {
  version++
  listeners.forEach((fn) => fn())
}

/** Lets a command be done; returns the function that takes the offer back. */
export function offer(id: CommandId, run: Run): Run {
  offers.set(id, [...(offers.get(id) ?? []), run])
  changed()
  return () => {
    offers.set(
      id,
      (offers.get(id) ?? []).filter((r) => r !== run),
    )
    changed()
  }
}

/** What a command does now; undefined while nothing on the page can do it. */
export const offered = (id: CommandId): Run | undefined => offers.get(id)?.at(-1)

/** Lets a command be done as long as the component is there and `run` is given. */
export function useOffer(id: CommandId, run: Run | undefined) {
  const latest = useRef(run)
  useLayoutEffect(() => {
    latest.current = run
  })
  const there = run !== undefined
  useEffect(() => (there ? offer(id, () => latest.current?.()) : undefined), [id, there])
}

/** Draws its component again when other commands can be done. */
export function useOffers() {
  useSyncExternalStore(
    (fn) => {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
    () => version,
  )
}
