import clsx from 'clsx'

/** Parley's sign: a speech bubble with two lines. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={clsx('text-accent', className)}>
      <path fill="currentColor" d="M9 3h14a6 6 0 0 1 6 6v9a6 6 0 0 1-6 6h-7.2l-6 4.7A1 1 0 0 1 8.2 28v-4.06A6 6 0 0 1 3 18V9a6 6 0 0 1 6-6Z" />
      <path fill="none" stroke="var(--c-on-accent)" strokeWidth="2.6" strokeLinecap="round" d="M10.5 11.3h11M10.5 16.3h6.5" />
    </svg>
  )
}
