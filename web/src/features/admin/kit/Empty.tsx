import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

interface Props {
  icon: LucideIcon
  title: string
  /** What to do about it. */
  text: string
  action?: ReactNode
}

/** What a place shows that has nothing in it yet. */
export function Empty({ icon: Icon, title, text, action }: Props) {
  return (
    <div className="flex flex-col items-center px-6 py-16 text-center">
      <span className="mb-4 flex size-11 items-center justify-center rounded-lg bg-sunken">
        <Icon aria-hidden="true" className="size-5 text-muted" />
      </span>
      <p className="text-base font-medium">{title}</p>
      <p className="mt-1 mb-5 max-w-sm text-sm text-balance text-muted">{text}</p>
      {action}
    </div>
  )
}
