import clsx from 'clsx'
import { useEffect, useRef, type ReactNode } from 'react'

interface Props {
  id: string
  /** The keys are at it. */
  active: boolean
  /** It is the value at present. */
  selected?: boolean
  onPoint: () => void
  onChoose: () => void
  children: ReactNode
  className?: string
}

/** One entry of a listbox whose keys are handled by the field beside it. */
export function Option({ id, active, selected = active, onPoint, onChoose, children, className }: Props) {
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (active) row.current?.scrollIntoView({ block: 'nearest' })
  }, [active])
  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the field has the keys
    <div
      ref={row}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      data-active={active || undefined}
      onPointerMove={onPoint}
      // The field keeps the focus.
      onPointerDown={(e) => e.preventDefault()}
      onClick={onChoose}
      className={clsx('cursor-pointer rounded-sm px-2.5 py-2', active && 'bg-sunken', className)}
    >
      {children}
    </div>
  )
}
