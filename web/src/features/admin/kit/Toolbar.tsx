import { ArrowDownUp, ChevronDown, Search, X } from 'lucide-react'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import clsx from 'clsx'
import { Menu, MenuChoice } from '@/kit/Menu'
import type { ListControl } from './useList'

export interface FilterChoice {
  name: string
  label: string
  options: { value: string; label: string }[]
}

interface Props {
  list: ListControl
  search: string
  filters?: FilterChoice[]
  /** The columns that can be sorted by, for where the table has no head. */
  sorts?: { key: string; title: string }[]
  /** How many rows there are, once it is known. */
  count?: string
}

/** Search, filters and order of a list. */
export function Toolbar({ list, search, filters = [], sorts = [], count }: Props) {
  const { t } = useTranslation('admin')
  return (
    <div role="search" aria-label={search} className="mb-3 flex flex-wrap items-center gap-2">
      <SearchField label={search} value={list.q} onChange={list.setQuery} />
      {filters.map((f) => (
        <Filter key={f.name} filter={f} value={list.filters[f.name] ?? ''} onChange={(v) => list.setFilter(f.name, v)} />
      ))}
      {sorts.length > 0 && (
        <Menu
          trigger={
            <button type="button" className={clsx(chip, 'text-muted @2xl:hidden')}>
              <ArrowDownUp aria-hidden="true" className="size-3.5" />
              {t('kit.sort')}
            </button>
          }
        >
          <MenuChoice value={list.sort} onChange={list.sortBy} options={sorts.map((s) => ({ value: s.key, label: s.title }))} />
        </Menu>
      )}
      {list.narrowed && (
        <button type="button" onClick={list.clear} className={clsx(chip, 'border-transparent text-muted')}>
          <X aria-hidden="true" className="size-3.5" />
          {t('kit.clear')}
        </button>
      )}
      <p role="status" className="ms-auto text-sm text-muted tabular-nums">
        {count}
      </p>
    </div>
  )
}

const chip = 'inline-flex h-9 items-center gap-1.5 rounded-md border border-line px-3 text-sm whitespace-nowrap transition-colors hover:bg-hover aria-expanded:bg-hover'

function Filter({ filter, value, onChange }: { filter: FilterChoice; value: string; onChange: (v: string) => void }) {
  const { t } = useTranslation('admin')
  const options = [{ value: '', label: t('kit.any') }, ...filter.options]
  return <ChoiceChip label={filter.label} value={value} options={options} onChange={onChange} active={value !== ''} />
}

interface ChipProps<T extends string> {
  label: string
  value: T
  options: { value: T; label: string }[]
  onChange: (value: T) => void
  /** Whether the choice differs from what is usual. */
  active?: boolean
}

/** A choice of one that takes the room of its name. */
export function ChoiceChip<T extends string>({ label, value, options, onChange, active = false }: ChipProps<T>) {
  const chosen = value && options.find((o) => o.value === value)
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className={clsx(chip, active ? 'bg-accent-soft text-accent' : 'text-muted')}>
          {chosen ? `${label}: ${chosen.label}` : label}
          <ChevronDown aria-hidden="true" className="size-3.5" />
        </button>
      }
    >
      <MenuChoice value={value} onChange={(v) => onChange(v as T)} options={options} />
    </Menu>
  )
}

// Writes into the address once the typing rests. "/" finds it from anywhere on the page.
function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (q: string) => void }) {
  const field = useRef<HTMLInputElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  // What is being typed; null while the address says what is looked for.
  const [text, setText] = useState<string | null>(null)
  useEffect(() => {
    const onSlash = (e: globalThis.KeyboardEvent) => {
      const at = e.target as HTMLElement
      if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return
      e.preventDefault()
      field.current?.focus()
    }
    document.addEventListener('keydown', onSlash)
    return () => {
      document.removeEventListener('keydown', onSlash)
      clearTimeout(timer.current)
    }
  }, [])
  const change = (next: string) => {
    setText(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onChange(next.trim()), 200)
  }
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === 'Escape' && (text ?? value)) {
      e.stopPropagation()
      change('')
    } else if (e.key === 'ArrowDown') {
      e.preventDefault()
      document.querySelector<HTMLElement>('[data-row]')?.focus()
    }
  }
  return (
    <div className="relative min-w-48 flex-1 max-sm:basis-full sm:basis-56 sm:max-w-72">
      <Search aria-hidden="true" className="pointer-events-none absolute start-3 top-2.5 size-4 text-muted" />
      <input
        ref={field}
        type="search"
        aria-label={label}
        placeholder={label}
        autoComplete="off"
        value={text ?? value}
        onChange={(e) => change(e.target.value)}
        onBlur={() => {
          if (text !== null && text.trim() !== value) onChange(text.trim())
          clearTimeout(timer.current)
          setText(null)
        }}
        onKeyDown={onKeyDown}
        className="h-9 w-full rounded-md border border-edge bg-raised ps-9 pe-3 text-sm transition-colors hover:border-muted focus-visible:outline-offset-0 [&::-webkit-search-cancel-button]:hidden"
      />
    </div>
  )
}
