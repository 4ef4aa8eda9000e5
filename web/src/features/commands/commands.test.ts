import { afterEach, expect, test, vi } from 'vitest'
import { renderHook } from '@testing-library/react'
import { fireEvent } from '@testing-library/dom'
import { matches, setShortcuts } from './keys'
import { fitting, score } from './match'
import { offer, offered } from './offers'
import { groups, table, type CommandId } from './table'
import { useShortcuts } from './useShortcuts'

afterEach(() => {
  setShortcuts(true)
  document.body.innerHTML = ''
})

test.each([
  ['new', 'New chat', 3],
  ['chat new', 'New chat', 6],
  ['tting', 'Settings', 2],
  ['sdbr', 'Show or hide the sidebar', 1],
  ['uberblick', 'Überblick', 3],
  ['new zebra', 'New chat', 0],
  ['do fish sleep', 'Sign out', 0],
])('%s fits %s by %d', (query, text, want) => expect(score(query, text)).toBe(want))

test('without words everything stays in its order, and signs alone find nothing', () => {
  const list = ['b', 'a']
  expect(fitting('', list, String)).toEqual(list)
  expect(fitting(' ', list, String)).toEqual(list)
  expect(fitting('?', list, String)).toEqual([])
  expect(fitting('ab', ['xab', 'abx'], String)).toEqual(['abx', 'xab'])
})

const press = (init: KeyboardEventInit) => new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...init })

test.each<[string, KeyboardEventInit, boolean]>([
  ['the keys', { key: 'O', ctrlKey: true, shiftKey: true }, true],
  ['without Shift', { key: 'o', ctrlKey: true }, false],
  ['with Alt, as AltGr writes characters', { key: 'O', ctrlKey: true, shiftKey: true, altKey: true }, false],
  ['in another script, by the place', { key: 'Щ', code: 'KeyO', ctrlKey: true, shiftKey: true }, true],
  ['another letter in that place', { key: 'J', code: 'KeyO', ctrlKey: true, shiftKey: true }, false],
])('Ctrl+Shift+O: %s', (_name, init, want) => expect(matches({ key: 'o', mod: true, shift: true }, press(init))).toBe(want))

test('the slash is found where it needs Shift', () => {
  expect(matches({ key: '/', mod: true }, press({ key: '/', ctrlKey: true }))).toBe(true)
  expect(matches({ key: '/', mod: true }, press({ key: '/', code: 'Digit7', ctrlKey: true, shiftKey: true }))).toBe(true)
})

function pressed(id: CommandId, init: KeyboardEventInit) {
  const run = vi.fn()
  const withdraw = offer(id, run)
  const { unmount } = renderHook(() => useShortcuts())
  const free = fireEvent(document.body, press(init))
  unmount()
  withdraw()
  return { ran: run.mock.calls.length, free }
}

const ctrlK = { key: 'k', ctrlKey: true }

test('a shortcut does what is offered, and takes its keys then only', () => {
  expect(pressed('palette', ctrlK)).toEqual({ ran: 1, free: false })
  expect(pressed('sidebar', ctrlK)).toEqual({ ran: 0, free: true })
})

test('shortcuts that are switched off leave their keys to the browser', () => {
  setShortcuts(false)
  expect(pressed('palette', ctrlK)).toEqual({ ran: 0, free: true })
})

test('a key that is held, or part of a word being composed, does nothing', () => {
  expect(pressed('palette', { ...ctrlK, repeat: true }).ran).toBe(0)
  expect(pressed('palette', { ...ctrlK, isComposing: true }).ran).toBe(0)
})

test('a dialog keeps the page behind it from hearing, but for the key that closes it', () => {
  document.body.innerHTML = '<div role="dialog"></div>'
  expect(pressed('palette', ctrlK).ran).toBe(0)
  document.body.innerHTML = '<div role="dialog"><div data-keys="palette"></div></div>'
  expect(pressed('palette', ctrlK).ran).toBe(1)
})

test('the last to offer a command is asked, and the one before it again afterwards', () => {
  const [first, second] = [vi.fn(), vi.fn()]
  const back = [offer('stop', first), offer('stop', second)]
  offered('stop')?.()
  back[1]?.()
  offered('stop')?.()
  back[0]?.()
  expect([first, second].map((fn) => fn.mock.calls.length)).toEqual([1, 1])
  expect(offered('stop')).toBeUndefined()
})

test('no two commands share their keys, and every group is shown', () => {
  const keys = table.flatMap((c) => (c.keys ? [JSON.stringify(c.keys)] : []))
  expect(new Set(keys).size).toBe(keys.length)
  expect(table.every((c) => groups.includes(c.group))).toBe(true)
})
