import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { useReturnFocus } from '@/kit/useReturnFocus'

interface Props {
  open: boolean
  onClose: () => void
  label: string
  children: ReactNode
}

/** The sidebar of a narrow screen: it slides over the page. */
export function Drawer({ open, onClose, label, children }: Props) {
  const focus = useReturnFocus()
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-30 animate-fade bg-overlay" />
        <Radix.Content
          aria-describedby={undefined}
          data-keys="sidebar"
          // The first control would be the one that closes; the drawer itself is the better place to begin.
          onCloseAutoFocus={focus.onCloseAutoFocus}
          onOpenAutoFocus={(e) => {
            focus.onOpenAutoFocus()
            e.preventDefault()
            ;(e.currentTarget as HTMLElement).focus()
          }}
          tabIndex={-1}
          className="fixed inset-y-0 start-0 z-40 w-[min(19rem,86vw)] animate-drawer bg-side shadow-high outline-none"
        >
          <Radix.Title className="sr-only">{label}</Radix.Title>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
