import clsx from 'clsx'
import { CircleAlert, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

const tones: Record<'danger' | 'warn', { look: string; icon: LucideIcon }> = {
  danger: { look: 'bg-danger-soft text-danger', icon: CircleAlert },
  warn: { look: 'bg-warn-soft text-warn', icon: TriangleAlert },
}

interface Props {
  tone?: keyof typeof tones
  children: ReactNode
  action?: ReactNode
  className?: string
}

/** A message in the flow of the page that asks for something. It is read out when it appears. */
export function Notice({ tone = 'danger', children, action, className }: Props) {
  const { look, icon: Icon } = tones[tone]
  return (
    <div role="alert" className={clsx('flex items-start gap-2.5 rounded-md px-3.5 py-2.5 text-sm', look, className)}>
      <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1 break-words">{children}</div>
      {action}
    </div>
  )
}
