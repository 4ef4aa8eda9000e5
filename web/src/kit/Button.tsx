import clsx from 'clsx'
import type { ComponentProps } from 'react'
import { Spinner } from './Spinner'

type Look = 'primary' | 'secondary' | 'ghost' | 'danger'

const looks: Record<Look, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover',
  secondary: 'border border-line bg-raised text-text hover:bg-sunken',
  ghost: 'text-text hover:bg-hover active:bg-press',
  danger: 'bg-danger text-canvas hover:bg-danger-hover',
}

interface Props extends ComponentProps<'button'> {
  look?: Look
  size?: 'md' | 'sm'
  /** Shows a spinner and takes no clicks, but keeps the focus. */
  busy?: boolean
}

export function Button({ look = 'secondary', size = 'md', busy = false, className, children, onClick, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (e) => e.preventDefault() : onClick}
      className={clsx(
        'relative inline-flex shrink-0 items-center justify-center gap-2 rounded-md font-medium transition-colors select-none',
        'disabled:opacity-50 disabled:pointer-events-none',
        size === 'md' ? 'h-10 px-4 text-base' : 'h-8 px-3 text-sm',
        looks[look],
        className,
      )}
    >
      {busy && <Spinner className="absolute" />}
      <span className={clsx('inline-flex min-w-0 items-center gap-2', busy && 'opacity-0')}>{children}</span>
    </button>
  )
}
