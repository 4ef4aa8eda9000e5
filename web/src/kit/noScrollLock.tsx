import { createElement, type ElementType, type ReactNode } from 'react'

interface Props {
  as?: ElementType
  children?: ReactNode
  allowPinchZoom?: boolean
  shards?: unknown
  enabled?: boolean
}

/** Stands in for react-remove-scroll (see vite.config.ts): it renders its children and locks nothing. */
export function RemoveScroll({ as, children, allowPinchZoom: _a, shards: _s, enabled: _e, ...rest }: Props) {
  return createElement(as ?? 'div', rest, children)
}
