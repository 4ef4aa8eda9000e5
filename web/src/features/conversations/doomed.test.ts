import { QueryClient } from '@tanstack/react-query'
import { expect, test, vi } from 'vitest'
import { tab } from '@/kit/storage'
import { aChat } from '@/test/samples'
import { conversationsKey } from './data'
import { doom, execute, executeAll, spare, watchDoomed } from './doomed'
import type { Pages } from './lists'

const chat = (id: string) => aChat({ id, updated_at: '2026-11-23T00:00:00Z' })
const key = [...conversationsKey, { archived: false, folder: 'none' }]

function setup(answer: (ids: string[]) => Response = (ids) => new Response(JSON.stringify({ deleted: ids.length }))) {
  const deleted: string[][] = []
  vi.stubGlobal(
    'fetch',
    vi.fn((path: string, init: RequestInit) => {
      if (path !== '/v1/conversations/delete') return Promise.resolve(new Response('{"data":[]}'))
      const { ids } = JSON.parse(init.body as string) as { ids: string[] }
      deleted.push(ids)
      return Promise.resolve(answer(ids))
    }),
  )
  return deleted
}
const settled = () => new Promise((resolve) => setTimeout(resolve))

test('what a reload interrupted is ended, and leaves a list that was fetched too early', async () => {
  const deleted = setup()
  tab.set('parley.doomed', 'a b')
  const client = new QueryClient()
  client.setQueryData<Pages>(key, { pages: [{ data: ['a', 'b', 'c'].map(chat) }], pageParams: [''] })
  const stop = watchDoomed(client)
  await settled()
  expect(deleted).toEqual([['a', 'b']])
  expect(client.getQueryData<Pages>(key)?.pages.flatMap((p) => p.data.map((c) => c.id))).toEqual(['c'])
  expect(tab.get('parley.doomed')).toBeUndefined()
  stop()
})

test('the page that goes away deletes what is still to be deleted, and nothing that was brought back', async () => {
  const deleted = setup()
  const stop = watchDoomed(new QueryClient())
  doom(['a', 'b'])
  spare(['a'])
  dispatchEvent(new Event('pagehide'))
  await settled()
  expect(deleted).toEqual([['b']])
  expect(tab.get('parley.doomed')).toBe('b')
  await executeAll()
  expect(tab.get('parley.doomed')).toBeUndefined()
  stop()
})

test('many are deleted with few requests, and what the server does not delete is named', async () => {
  const ids = Array.from({ length: 501 }, (_, i) => `c${i}`)
  const deleted = setup((some) => (some.includes('c500') ? new Response('{"error":{"message":"no"}}', { status: 500 }) : new Response('{}')))
  expect(await execute(ids)).toMatchObject({ failed: ['c500'], error: { status: 500 } })
  expect(deleted.map((some) => some.length)).toEqual([500, 1])
})
