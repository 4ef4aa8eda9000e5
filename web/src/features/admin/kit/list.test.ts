import { expect, test } from 'vitest'
import { isNarrowed, matches, readList, sorted, withoutNew, writeList } from './list'

const spec = { filters: { role: ['member', 'owner'], group: null }, sorts: ['name', '-created'] }

test.each([
  ['nothing', {}, { q: '', filters: {}, sort: 'name', down: false }],
  ['all of it', { q: 'ada', role: 'owner', group: 'R&D / Berlin', sort: '-created' }, { q: 'ada', filters: { role: 'owner', group: 'R&D / Berlin' }, sort: 'created', down: true }],
  ['a default column, downwards', { sort: '-name' }, { q: '', filters: {}, sort: 'name', down: true }],
  ['what it does not know', { role: 'emperor', sort: 'colour', other: 'x' }, { q: '', filters: {}, sort: 'name', down: false }],
])('reads %s', (_name, search, want) => expect(readList(search, spec)).toEqual(want))

test('writes only what is not the default, and leaves the rest of the address alone', () => {
  expect(writeList({ new: 'yes' }, readList({}, spec), spec)).toEqual({ new: 'yes', q: undefined, role: undefined, group: undefined, sort: undefined })
  const search = { q: 'x', role: 'member', group: 'a', sort: '-created' }
  expect(writeList({}, readList(search, spec), spec)).toEqual(search)
})

test('an upward order is written where the default is downward', () => {
  const newest = { sorts: ['-created', 'name'] }
  expect(readList({}, newest)).toMatchObject({ sort: 'created', down: true })
  expect(writeList({}, { ...readList({}, newest), down: false }, newest).sort).toBe('created')
})

test('narrowed by a search or a filter, not by an order', () => {
  expect(isNarrowed(readList({ sort: '-name' }, spec))).toBe(false)
  expect(isNarrowed(readList({ q: 'a' }, spec))).toBe(true)
  expect(isNarrowed(readList({ role: 'owner' }, spec))).toBe(true)
})

test('the form for something new is left out, the rest stays', () => expect(withoutNew({ new: 'yes', q: 'a' })).toEqual({ q: 'a' }))

test.each([
  ['', 'anything', true],
  ['karen jones', 'Karen Spärck Jones', true],
  ['sparck', 'Karen Spärck Jones', true],
  ['SPÄRCK', 'karen sparck', true],
  ['karen x', 'Karen Spärck Jones', false],
])('matches %j in %j: %s', (q, text, want) => expect(matches(q, text, undefined)).toBe(want))

test('sorted by language and number, without a value last in both directions', () => {
  const rows = ['b10', 'Ä', undefined, 'b9', 'a']
  expect(sorted(rows, (r) => r, false, 'de')).toEqual(['a', 'Ä', 'b9', 'b10', undefined])
  expect(sorted(rows, (r) => r, true, 'de')).toEqual(['b10', 'b9', 'Ä', 'a', undefined])
  expect(sorted([10, 9, 0], (r) => r, false)).toEqual([0, 9, 10])
  expect(sorted([2, 1], undefined, false)).toEqual([2, 1])
})
