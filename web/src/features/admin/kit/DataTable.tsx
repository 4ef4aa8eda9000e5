import clsx from 'clsx'
import { ArrowDown, ArrowUp } from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { Skeleton } from '@/kit/Skeleton'
import { PageLink } from './links'
import type { ListControl } from './useList'

export interface Column<T> {
  key: string
  title: string
  cell: (row: T) => ReactNode
  /** More about the row, below the link of the first cell. */
  note?: (row: T) => ReactNode
  /** Whether the list can be sorted by it. */
  sorts?: boolean
  /** Left out of a table narrower than this. A card shows everything. */
  from?: 'narrow' | 'wide'
  /** How a card shows it: in the corner, on a line of its own, or (without) after its title. */
  card?: 'corner' | 'line'
  end?: boolean
}

interface Props<T> {
  label: string
  columns: Column<T>[]
  /** Undefined while they are loading. */
  rows: T[] | undefined
  id: (row: T) => string
  /** The page whose panel shows a row. Without it rows are only read. */
  page?: string
  chosen?: string
  list?: ListControl
  actions?: (row: T) => ReactNode
}

// As long as the first rows are unknown, this many grey ones hold their place.
const placeholders = 6

// A card has the room of two lines for them.
const held = ['@max-2xl:basis-full', '@max-2xl:basis-3/5']

const widths = { narrow: '@max-3xl:@min-2xl:hidden', wide: '@max-5xl:@min-2xl:hidden' }

/**
 * A table, or where it has no room for one, a list of cards. The first cell of a row leads to its panel, and the
 * arrow keys go from row to row.
 */
export function DataTable<T>({ label, columns, rows, id, page, chosen, list, actions }: Props<T>) {
  const { t } = useTranslation('admin')
  const first = columns.some((c) => c.card === 'corner') ? '@max-2xl:basis-full @max-2xl:pe-20' : '@max-2xl:basis-full'
  const place = (c: Column<T>) => clsx(c.from && widths[c.from], c.end && '@min-2xl:text-end')
  return (
    <>
      {!rows && (
        <p role="status" className="sr-only">
          {t('kit.loading')}
        </p>
      )}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the arrow keys only move among the links in it */}
      <table aria-label={label} aria-busy={!rows} className="w-full border-collapse text-sm @max-2xl:block" onKeyDown={moveFocus}>
        <thead className="@max-2xl:hidden">
          <tr className="border-b border-line">
            {columns.map((c) => (
              <th key={c.key} scope="col" aria-sort={ariaSort(c, list)} className={clsx('h-9 px-3 text-start text-xs font-medium whitespace-nowrap text-muted', place(c))}>
                {c.sorts && list ? <SortButton column={c} list={list} /> : c.title}
              </th>
            ))}
            {actions && (
              <th scope="col" className="w-0">
                <span className="sr-only">{t('kit.actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody className="@max-2xl:block @max-2xl:space-y-2">
          {!rows &&
            Array.from({ length: placeholders }, (_, i) => (
              <tr key={i} className={row}>
                {columns.map((c, j) => (
                  <td key={c.key} className={clsx(cell, place(c), held[j] ?? '@max-2xl:hidden')}>
                    <Skeleton className="h-4 w-4/5" />
                  </td>
                ))}
                {actions && <td />}
              </tr>
            ))}
          {rows?.map((r) => (
            <tr key={id(r)} data-chosen={chosen === id(r) || undefined} className={clsx(row, page && 'hover:bg-hover', chosen === id(r) && 'bg-sunken')}>
              {columns.map((c, i) => (
                <td key={c.key} data-label={c.title} className={clsx(cell, place(c), i === 0 ? first : cards[c.card ?? 'plain'])}>
                  {i === 0 && page ? (
                    <PageLink page={page} id={id(r)} row={id(r)} className="font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent">
                      {c.cell(r)}
                    </PageLink>
                  ) : (
                    c.cell(r)
                  )}
                  {c.note?.(r)}
                </td>
              ))}
              {actions && <td className="relative px-2 text-end whitespace-nowrap @max-2xl:basis-full @max-2xl:p-0 @max-2xl:pt-1.5 @max-2xl:text-start">{actions(r)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

const row =
  'relative border-b border-line transition-colors last:border-b-0 @max-2xl:flex @max-2xl:flex-wrap @max-2xl:items-center @max-2xl:gap-x-4 @max-2xl:gap-y-1 @max-2xl:rounded-md @max-2xl:border @max-2xl:last:border-b @max-2xl:p-3.5'
const cell = 'h-11 px-3 py-1.5 @max-2xl:h-auto @max-2xl:p-0 @max-2xl:min-w-0 first:wrap-anywhere @max-2xl:wrap-anywhere'
const cards = {
  corner: '@max-2xl:absolute @max-2xl:end-3.5 @max-2xl:top-3.5',
  line: '@max-2xl:basis-full',
  plain: '@max-2xl:before:me-1.5 @max-2xl:before:text-muted @max-2xl:before:content-[attr(data-label)]',
}

function SortButton<T>({ column, list }: { column: Column<T>; list: ListControl }) {
  const on = list.sort === column.key
  const Icon = list.down ? ArrowDown : ArrowUp
  return (
    <button type="button" onClick={() => list.sortBy(column.key)} className={clsx('group -mx-1 inline-flex h-7 items-center gap-1 rounded-sm px-1 font-medium hover:text-text', on && 'text-text')}>
      {column.title}
      <Icon aria-hidden="true" className={clsx('size-3', !on && 'opacity-0 group-hover:opacity-60')} />
    </button>
  )
}

function ariaSort<T>(column: Column<T>, list: ListControl | undefined) {
  if (!column.sorts || !list) return undefined
  return list.sort !== column.key ? 'none' : list.down ? 'descending' : 'ascending'
}

function moveFocus(e: KeyboardEvent<HTMLTableElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[e.key]
  const rows = [...e.currentTarget.querySelectorAll<HTMLElement>('[data-row]')]
  const at = rows.indexOf(e.target as HTMLElement)
  if (!step || at < 0) return
  e.preventDefault()
  rows[at + step]?.focus()
}
