import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual'
import clsx from 'clsx'
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { Skeleton } from '@/kit/Skeleton'
import type { Row } from './rows'

interface Props {
  rows: readonly Row[]
  render: (row: Row) => ReactNode
  /** There is more to fetch, and whether it is on its way. */
  more: boolean
  busy: boolean
  onMore: () => void
  onEscape: () => void
}

/**
 * A list of which only what is in sight is drawn. The heading of what is in sight stays at the top, and
 * the row that has the focus stays in the page. The arrow keys go from row to row.
 */
export function VirtualList({ rows, render, more, busy, onMore, onEscape }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [focused, setFocused] = useState<string | null>(null)
  const [coarse] = useState(() => matchMedia('(pointer: coarse)').matches)
  const groups = useMemo(() => rows.flatMap((row, i) => (row.kind === 'group' ? [i] : [])), [rows])
  const [places, setSize] = useMemo(() => [new Map(rows.map((row, i) => [row.key, i])), rows.filter((row) => row.kind !== 'group').length], [rows])
  const focusAt = focused === null ? undefined : places.get(focused)
  const stuck = useRef(-1)

  const rangeExtractor = useCallback(
    (range: Range) => {
      stuck.current = groups.findLast((i) => i <= range.startIndex) ?? -1
      const shown = new Set(defaultRangeExtractor(range))
      if (stuck.current >= 0) shown.add(stuck.current)
      if (focusAt !== undefined) shown.add(focusAt)
      return [...shown].sort((a, b) => a - b)
    },
    [groups, focusAt],
  )
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are used in this component only
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: (i) => (coarse && rows[i]?.kind !== 'group' ? 44 : 36),
    getItemKey: (i) => rows[i]?.key ?? i,
    overscan: 12,
    rangeExtractor,
  })
  const items = virtual.getVirtualItems()

  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && !busy && last >= rows.length - 60) onMore()
  }, [more, busy, last, rows.length, onMore])

  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === 'Escape') onEscape()
    const from = (e.target as HTMLElement).closest('li')?.dataset.index
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key]
    if (from === undefined || !step || (e.target as HTMLElement).matches('input[maxlength], [role=menuitem]')) return
    let to = Number(from) + step
    while (rows[to]?.kind === 'group') to += step
    if (!rows[to]) return
    e.preventDefault()
    const row = () => box.current?.querySelector<HTMLElement>(`[data-index="${to}"] :is(a, button, input)`)
    // The next row is drawn already, as a rule.
    row()?.focus({ preventScroll: true })
    virtual.scrollToIndex(to)
    if (!row()) requestAnimationFrame(() => requestAnimationFrame(() => row()?.focus()))
  }

  let n = 0
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- the keys move the focus between its controls
    <div
      ref={box}
      onKeyDown={onKeyDown}
      onFocus={(e) => setFocused(e.target.closest('li')?.dataset.key ?? null)}
      onBlur={() => setFocused(null)}
      className="min-h-0 flex-1 overflow-y-auto px-2.5 pb-4"
    >
      <ul className="relative" style={{ height: virtual.getTotalSize() + (busy ? 36 : 0) }}>
        {items.map((item) => {
          const row = rows[item.index]
          if (!row) return null
          const group = row.kind === 'group'
          const sticks = item.index === stuck.current
          if (!group) n = item.index
          return (
            <li
              key={item.key}
              data-index={item.index}
              data-key={row.key}
              {...(!group && { 'aria-setsize': more ? -1 : setSize, 'aria-posinset': n + 1 - groups.filter((g) => g < n).length })}
              className={clsx('inset-x-0 top-0', group && 'z-10', sticks ? 'sticky' : 'absolute')}
              style={{ height: item.size, transform: sticks ? undefined : `translateY(${item.start}px)` }}
            >
              {render(row)}
            </li>
          )
        })}
        {busy && (
          <li aria-hidden="true" className="absolute inset-x-2.5 bottom-2">
            <Skeleton className="h-3.5 w-2/3 !bg-press" />
          </li>
        )}
      </ul>
    </div>
  )
}
