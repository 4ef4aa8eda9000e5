import clsx from 'clsx'

/** A grey bar in the place of text that is still loading. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" className={clsx('animate-breathe rounded-sm bg-sunken', className)} />
}
