import { describe, expect, test } from 'vitest'
import type { Conversation } from '@/api/types'
import { aChat } from '@/test/samples'
import { belongs, put, withFirst, without, type Filter, type Pages } from './lists'

const chat = (id: string, hour: number, more: Partial<Conversation> = {}) => aChat({ id, updated_at: `2026-11-23T${String(hour).padStart(2, '0')}:00:00Z`, ...more })
const pages = (cursor: string, ...data: Conversation[][]): Pages => ({
  pages: data.map((d, i) => ({ data: d, next_cursor: i === data.length - 1 ? cursor : `c${i}` })),
  pageParams: data.map((_, i) => (i ? `c${i - 1}` : '')),
})
const show = (p: Pages) => p.pages.map((page) => page.data.map((c) => c.id).join(' ')).join(' | ')
const main: Filter = { archived: false, folder: 'none' }

test.each([
  [main, {}, true],
  [main, { folder_id: 'f' }, false],
  [{ archived: false, folder: 'f' }, { folder_id: 'f' }, true],
  [main, { status: 'archived' as const }, false],
  [{ archived: true, folder: '' }, { status: 'archived' as const, folder_id: 'f' }, true],
  [main, { temporary: true }, false],
])('belongs %j %j', (filter, more, want) => expect(belongs(filter, chat('a', 1, more))).toBe(want))

describe('put', () => {
  const list = pages('more', [chat('p', 1, { pinned: true }), chat('a', 9)], [chat('b', 8), chat('c', 6)])
  test('a title changes in place', () => expect(show(put(list, main, chat('b', 8, { title: 'x' })))).toBe('p a | b c'))
  test('a pin moves it up', () => expect(show(put(list, main, chat('c', 6, { pinned: true })))).toBe('c p a | b'))
  test('one that is put back finds its place', () => expect(show(put(list, main, chat('d', 7)))).toBe('p a | b d c'))
  test('one that left the list is taken out', () => expect(show(put(list, main, chat('a', 9, { folder_id: 'f' })))).toBe('p | b c'))
  test('beyond the loaded end it waits for its page', () => expect(show(put(list, main, chat('z', 1)))).toBe('p a | b c'))
  test('at the true end it is the last', () => expect(show(put(pages('', [chat('a', 9)]), main, chat('z', 1)))).toBe('a z'))
})

describe('withFirst', () => {
  const list = pages('more', [chat('a', 9), chat('b', 8)], [chat('c', 7), chat('d', 6)])
  test('a new chat pushes others to the rest, once', () => {
    const next = withFirst(list, { data: [chat('new', 10), chat('a', 9)], next_cursor: 'x' })
    expect(show(next)).toBe('new a | b c d')
    expect(next.pages.at(-1)?.next_cursor).toBe('more')
  })
  test('one that moved up is not shown twice', () => expect(show(withFirst(list, { data: [chat('d', 10), chat('a', 9)], next_cursor: 'x' }))).toBe('d a | b c'))
  test('one that was deleted elsewhere goes', () => expect(show(withFirst(list, { data: [chat('b', 8), chat('c', 7)], next_cursor: 'x' }))).toBe('b c | d'))
  test('a first page that is all is all', () => expect(show(withFirst(list, { data: [chat('a', 9)], next_cursor: '' }))).toBe('a'))
  test('without anything beyond, the list goes on after the first page', () =>
    expect(withFirst(pages('old', [chat('a', 9)]), { data: [chat('a', 9)], next_cursor: 'x' }).pages.at(-1)?.next_cursor).toBe('x'))
})

test('without', () => expect(show(without(pages('', [chat('a', 9), chat('b', 8)]), new Set(['a'])))).toBe('b'))
