import { Fragment, type ReactNode } from 'react'

/** Names with their values. What has no value is left out. */
export function Facts({ items }: { items: [name: string, value: ReactNode][] }) {
  const told = items.filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
  return (
    <dl className="grid grid-cols-[minmax(6rem,auto)_1fr] gap-x-6 gap-y-2 text-sm">
      {told.map(([name, value]) => (
        <Fragment key={name}>
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 wrap-anywhere">{value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
