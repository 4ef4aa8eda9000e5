import { Tooltip as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

export const TooltipProvider = Radix.Provider

interface Props {
  text: string
  keys?: string
  side?: 'top' | 'bottom' | 'left' | 'right'
  children: ReactNode
}

// Where nothing can hover there is nothing to show, and a page of buttons is drawn in less time.
const hovers = matchMedia('(any-hover: hover)').matches

/** A word about a control, on hover and on focus. The control still needs its own accessible name. */
export function Tooltip({ text, keys, side = 'bottom', children }: Props) {
  if (!hovers) return children
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 flex animate-fade items-center gap-2 rounded-sm bg-text px-2 py-1 text-xs text-canvas shadow-mid select-none"
        >
          {text}
          {keys && <kbd className="font-sans opacity-70">{keys}</kbd>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
