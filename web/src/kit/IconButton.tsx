import clsx from 'clsx'
import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import { tip } from './Tooltip'

interface Props extends Omit<ComponentProps<'button'>, 'children'> {
  icon: LucideIcon
  /** The accessible name, and the tooltip. */
  label: string
  keys?: string
  size?: 'md' | 'sm'
  side?: 'top' | 'bottom' | 'left' | 'right'
}

export function IconButton({ icon: Icon, label, keys, size = 'md', side, className, ...rest }: Props) {
  return (
    <button
      type="button"
      aria-label={label}
      {...tip(label, keys, side)}
      {...rest}
      className={clsx(
        'inline-flex shrink-0 items-center justify-center rounded-sm text-muted transition-colors',
        'hover:bg-hover hover:text-text active:bg-press aria-expanded:bg-hover aria-expanded:text-text',
        'disabled:pointer-events-none disabled:opacity-40',
        size === 'md' ? 'size-9' : 'size-7 pointer-coarse:size-9',
        className,
      )}
    >
      <Icon aria-hidden="true" className={size === 'md' ? 'size-[18px]' : 'size-4'} strokeWidth={1.9} />
    </button>
  )
}
