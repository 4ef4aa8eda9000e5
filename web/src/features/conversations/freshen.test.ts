import { InfiniteQueryObserver, QueryClient } from '@tanstack/react-query'
import { expect, test, vi } from 'vitest'
import type { Conversation, Page } from '@/api/types'
import { aChat } from '@/test/samples'
import { conversationsKey, freshen } from './data'
import type { Filter, Pages } from './lists'

const filter: Filter = { archived: false, folder: 'none' }
const key = [...conversationsKey, filter]
const chat = (id: string) => aChat({ id, updated_at: `2026-11-23T0${id.length}:00:00Z` })
const settled = () => new Promise((resolve) => setTimeout(resolve))

test('a first answer from before a change is not the last word', async () => {
  const answers: ((page: Page<Conversation>) => void)[] = []
  const client = new QueryClient()
  const observer = new InfiniteQueryObserver(client, {
    queryKey: key,
    initialPageParam: '',
    staleTime: Infinity,
    queryFn: () => new Promise<Page<Conversation>>((resolve) => answers.push(resolve)),
    getNextPageParam: () => undefined,
  })
  const stop = observer.subscribe(() => {})
  await settled()
  freshen(client)
  await settled()
  answers[0]?.({ data: [chat('deleted')] })
  await settled()
  answers[1]?.({ data: [chat('kept')] })
  await settled()
  expect(client.getQueryData<Pages>(key)?.pages.flatMap((p) => p.data.map((c) => c.id))).toEqual(['kept'])
  stop()
})

test('of a list of several pages the first is fetched, and the rest is kept', async () => {
  const asked: string[] = []
  vi.stubGlobal(
    'fetch',
    vi.fn((path: string) => {
      asked.push(path)
      return Promise.resolve(Response.json({ data: [chat('neweste')], next_cursor: 'x' }))
    }),
  )
  const client = new QueryClient()
  client.setQueryData<Pages>(key, { pages: [{ data: [chat('abcd')], next_cursor: 'c' }, { data: [chat('ab')], next_cursor: '' }], pageParams: ['', 'c'] })
  const observer = new InfiniteQueryObserver(client, { queryKey: key, initialPageParam: '', staleTime: Infinity, queryFn: () => ({ data: [] }), getNextPageParam: () => undefined })
  const stop = observer.subscribe(() => {})
  freshen(client)
  await settled()
  expect(asked).toEqual(['/v1/conversations?limit=200&archived=false&folder=none'])
  expect(client.getQueryData<Pages>(key)?.pages.map((p) => p.data.map((c) => c.id))).toEqual([['neweste'], ['abcd', 'ab']])
  stop()
})
