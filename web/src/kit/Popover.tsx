import clsx from 'clsx'
import { Popover as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

interface Props {
  open: boolean
  onOpenChange: (open: boolean) => void
  trigger: ReactNode
  label: string
  align?: 'start' | 'end'
  className?: string
  children: ReactNode
}

/** A panel that floats beside what opens it, and takes the focus. */
export function Popover({ open, onOpenChange, trigger, label, align = 'end', className, children }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className={clsx(
            'z-50 flex max-h-(--radix-popover-content-available-height) animate-rise flex-col overflow-hidden rounded-md border border-line bg-raised shadow-mid outline-none',
            className,
          )}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
