import { QueryClient } from '@tanstack/react-query'
import { expect, test, vi } from 'vitest'
import type { Conversation } from '@/api/types'
import { tab } from '@/kit/storage'
import { conversationsKey } from './data'
import { doom, execute, executeAll, spare, watchDoomed } from './doomed'
import type { Pages } from './lists'

const chat = (id: string): Conversation => ({ id, title: id, status: 'active', pinned: false, created_at: '', updated_at: '2026-11-23T00:00:00Z' })
const key = [...conversationsKey, { archived: false, folder: 'none' }]

function setup(answer: (id: string) => Response = () => new Response(null, { status: 204 })) {
  const deleted: string[] = []
  vi.stubGlobal(
    'fetch',
    vi.fn((path: string, init: RequestInit) => {
      if (init.method !== 'DELETE') return Promise.resolve(new Response('{"data":[]}'))
      const id = path.split('/').at(-1) ?? ''
      deleted.push(id)
      return Promise.resolve(answer(id))
    }),
  )
  return deleted
}
const settled = () => new Promise((resolve) => setTimeout(resolve))

test('what a reload interrupted is ended, and leaves a list that was fetched too early', async () => {
  const deleted = setup(() => new Response('{}', { status: 404 }))
  tab.set('parley.doomed', 'a b')
  const client = new QueryClient()
  client.setQueryData<Pages>(key, { pages: [{ data: ['a', 'b', 'c'].map(chat) }], pageParams: [''] })
  const stop = watchDoomed(client)
  await settled()
  expect(deleted.sort()).toEqual(['a', 'b'])
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
  expect(deleted).toEqual(['b'])
  expect(tab.get('parley.doomed')).toBe('b')
  await executeAll()
  expect(tab.get('parley.doomed')).toBeUndefined()
  stop()
})

test('what the server does not delete is named', async () => {
  setup((id) => (id === 'b' ? new Response('{"error":{"message":"no"}}', { status: 500 }) : new Response(null, { status: 204 })))
  expect(await execute(['a', 'b', 'c'])).toMatchObject({ failed: ['b'], error: { status: 500 } })
})
