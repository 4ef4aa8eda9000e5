import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import type { ReactNode } from 'react'
import { withoutNew, type Search } from './list'

interface Props {
  page?: string
  id?: string
  /** What the address holds beside the path; without it that of the list stays. */
  search?: Record<string, string>
  className?: string
  children: ReactNode
  row?: string
}

/** A link to a page of the administration, or to one thing on it. */
export function PageLink({ page, id, search, row, className, children }: Props) {
  return (
    <Link
      to="/admin/{-$page}/{-$id}"
      params={{ page, id }}
      search={search ?? withoutNew}
      data-row={row}
      className={className}
    >
      {children}
    </Link>
  )
}

/** A link to a form that makes something new. */
export function NewLink({ page, look = 'primary', search, children }: { page: string; look?: 'primary' | 'secondary'; search?: Record<string, string>; children: ReactNode }) {
  return (
    <Link
      to="/admin/{-$page}/{-$id}"
      params={{ page, id: undefined }}
      search={(old: Search) => ({ ...(search ?? old), new: 'yes' })}
      data-new={look === 'primary' ? '' : undefined}
      className={clsx(
        'inline-flex h-9 items-center gap-1.5 rounded-md px-3.5 text-sm font-medium whitespace-nowrap transition-colors',
        look === 'primary' ? 'bg-accent text-on-accent hover:bg-accent-hover' : 'border border-line bg-raised hover:bg-sunken',
      )}
    >
      {children}
    </Link>
  )
}
