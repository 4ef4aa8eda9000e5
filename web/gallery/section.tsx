import clsx from 'clsx'
import { useLayoutEffect, useRef, type ComponentType, type ElementType, type ReactNode } from 'react'

/** A part of the gallery: the components that it shows, by name, and their cases. */
export interface Section {
  of: Record<string, ElementType>
  Cases: ComponentType
}

interface CaseProps {
  /** What is to be seen, in a few words. */
  name: string
  /** Takes the whole breadth. */
  wide?: boolean
  children: ReactNode
}

/** A component in one state. */
export function Case({ name, wide, children }: CaseProps) {
  return (
    <figure className={clsx('min-w-0 space-y-2', wide && 'col-span-full')}>
      <figcaption className="text-xs text-muted">{name}</figcaption>
      {children}
    </figure>
  )
}

/** A text without a place to break, as people paste it. */
export const unbroken = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft'

/** A text of several lines. */
export const long =
  'A conversation that began with a question about the tides, went on to the moon, and ended, hours later, with a recipe for bread that nobody had asked for.'

interface StateProps {
  /** The element of the component that is in it; without it the first one. */
  at?: string
  /** As it looks under the pointer, pressed, or with the focus. */
  look?: 'hover' | 'active' | 'focus'
  /** What a click on it opens, which the browser's test then looks at. */
  opens?: 'menu' | 'dialog' | 'tooltip'
  children: ReactNode
}

/** Puts a part of a component into a state that only a reader at work brings about; gallery.css knows the looks. */
export function State({ at = '*', look, opens, children }: StateProps) {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const el = box.current?.querySelector<HTMLElement>(at)
    if (!el) throw new Error(`nothing is at ${at}`)
    if (look) el.dataset.look = look
    if (opens) el.dataset.opens = opens
  }, [at, look, opens])
  return (
    <div ref={box} className="contents">
      {children}
    </div>
  )
}

export const looks = ['hover', 'active', 'focus'] as const

export const nothing = () => {}
