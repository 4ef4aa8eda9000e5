import { expect, test } from 'vitest'
import { aChat } from '@/test/samples'
import { between, rowsOf } from './rows'

const now = new Date(2026, 10, 23, 9)
const chat = (id: string, days: number) => aChat({ id, updated_at: new Date(now.getTime() - days * 86_400_000).toISOString() })
const list = [chat('a', 0), chat('b', 0), chat('c', 3), chat('d', 100)]
const folders = [{ id: 'f', name: 'F', conversations: 1, created_at: '' }]
const keys = (rows: ReturnType<typeof rowsOf>) => rows.map((r) => `${r.kind}:${r.key}`).join(' ')

test('folders come before the dates', () => {
  expect(keys(rowsOf(list, folders, now))).toBe('group:folders folder:f group:today chat:a chat:b group:week chat:c group:2026-08 chat:d')
  expect(keys(rowsOf(list, undefined, now))).toBe('group:today chat:a chat:b group:week chat:c group:2026-08 chat:d')
  expect(keys(rowsOf([], [], now))).toBe('group:folders')
})

test.each([
  ['a', 'c', 'a b c'],
  ['c', 'a', 'a b c'],
  ['b', 'b', 'b'],
  ['gone', 'c', 'c'],
])('between %s and %s', (from, to, want) => expect(between(rowsOf(list, folders, now), from, to).join(' ')).toBe(want))
