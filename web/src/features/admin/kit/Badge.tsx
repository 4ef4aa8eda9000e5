import clsx from 'clsx'
import type { ReactNode } from 'react'

export type Tone = 'plain' | 'good' | 'warn' | 'danger'

const looks: Record<Tone, string> = {
  plain: 'bg-sunken text-muted inset-ring inset-ring-line',
  good: 'bg-accent-soft text-accent',
  warn: 'bg-warn-soft text-warn',
  danger: 'bg-danger-soft text-danger',
}

/** A word about a state. Its colour says nothing that the word does not. */
export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={clsx('inline-flex h-5 items-center rounded-sm px-1.5 text-xs font-medium whitespace-nowrap', looks[tone])}>{children}</span>
}
