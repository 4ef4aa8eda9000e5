import { expect, test } from 'vitest'
import { sections } from './sections'

const kit = import.meta.glob<Record<string, unknown>>('../src/kit/*.tsx', { eager: true })

// They draw nothing of their own.
const unseen = ['TooltipProvider', 'RemoveScroll']

test('the gallery shows every component of the kit', () => {
  const shown = new Set<unknown>(sections.flatMap((s) => Object.values(s.of)))
  const missing = Object.values(kit)
    .flatMap(Object.entries)
    .filter(([name, value]) => /^[A-Z]/.test(name) && typeof value !== 'string' && !shown.has(value))
    .map(([name]) => name)
    .filter((name) => !unseen.includes(name))
  expect(missing).toEqual([])
})
