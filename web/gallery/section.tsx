import clsx from 'clsx'
import type { ComponentType, ElementType, ReactNode } from 'react'

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
