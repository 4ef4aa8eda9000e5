import { useNavigate, useSearch } from '@tanstack/react-router'
import { isNarrowed, readList, writeList, type ListSpec, type ListState, type Search } from './list'

export interface ListControl extends ListState {
  narrowed: boolean
  setQuery: (q: string) => void
  setFilter: (name: string, value: string) => void
  /** Sorts by the column, or turns its direction. */
  sortBy: (column: string) => void
  clear: () => void
}

/** The state of a list, kept in the address, so that it can be linked to and survives a reload. */
export function useList(spec: ListSpec): ListControl {
  const search: Search = useSearch({ from: '/admin/{-$page}/{-$id}' })
  const navigate = useNavigate()
  const state = readList(search, spec)
  const change = (next: Partial<ListState>) =>
    void navigate({
      to: '/admin/{-$page}/{-$id}',
      params: true,
      search: (old: Search) => writeList(old, { ...readList(old, spec), ...next }, spec),
      replace: true,
    })
  return {
    ...state,
    narrowed: isNarrowed(state),
    setQuery: (q) => change({ q }),
    setFilter: (name, value) => change({ filters: { ...state.filters, [name]: value } }),
    sortBy: (column) => change({ sort: column, down: state.sort === column ? !state.down : false }),
    clear: () => change({ q: '', filters: {} }),
  }
}
