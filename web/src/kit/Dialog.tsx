import clsx from 'clsx'
import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { Button } from './Button'
import { IconButton } from './IconButton'
import { useReturnFocus } from './useReturnFocus'

interface Props {
  open: boolean
  onClose: () => void
  title: string
  /** Says in a sentence what the dialog is for. */
  description?: string
  /** Keeps title and description for the screen reader only. */
  bare?: boolean
  className?: string
  /** Called when it is gone and the focus is back. */
  onClosed?: () => void
  children?: ReactNode
}

export function Dialog({ open, onClose, title, description, bare, className, onClosed, children }: Props) {
  const { t } = useTranslation()
  const focus = useReturnFocus(onClosed)
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-30 animate-fade bg-overlay" />
        <div className="pointer-events-none fixed inset-0 z-40 flex items-end justify-center p-2 sm:items-center sm:p-6">
          <Radix.Content
            {...focus}
            {...(!description && { 'aria-describedby': undefined })}
            className={clsx(
              'pointer-events-auto relative flex max-h-full w-full animate-rise flex-col overflow-hidden rounded-lg bg-raised shadow-high outline-none',
              className ?? 'max-w-md',
            )}
          >
            <Radix.Title className={bare ? 'sr-only' : 'ps-6 pe-14 pt-6 text-lg font-semibold'}>{title}</Radix.Title>
            {description && (
              <Radix.Description className={bare ? 'sr-only' : 'px-6 pt-1 text-base text-muted'}>{description}</Radix.Description>
            )}
            {children}
            {/* Last, so that the focus begins in the content. */}
            {!bare && (
              <Radix.Close asChild>
                <IconButton icon={X} label={t('kit.close')} className="absolute end-4 top-4.5" />
              </Radix.Close>
            )}
          </Radix.Content>
        </div>
      </Radix.Portal>
    </Radix.Root>
  )
}

interface ConfirmProps {
  open: boolean
  onClose: () => void
  onConfirm: () => void
  title: string
  description: string
  confirm: string
  busy?: boolean
  children?: ReactNode
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog({ open, onClose, onConfirm, title, description, confirm, busy, children }: ConfirmProps) {
  const { t } = useTranslation()
  return (
    <Dialog open={open} onClose={onClose} title={title} description={description}>
      <form
        className="space-y-5 px-6 pt-4 pb-6"
        onSubmit={(e) => {
          e.preventDefault()
          if (!busy) onConfirm()
        }}
      >
        {children}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('kit.cancel')}</Button>
          <Button type="submit" look="danger" busy={busy}>
            {confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
