import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { get } from './client'
import { begin } from './early'

const fetches = vi.fn<typeof fetch>()
const answer = (body: object) => Promise.resolve(new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } }))

beforeEach(() => vi.stubGlobal('fetch', fetches))
afterEach(() => {
  fetches.mockReset()
  vi.unstubAllGlobals()
})

test('the first to ask gets the answer that was asked for early, and the next a new one', async () => {
  fetches.mockReturnValueOnce(answer({ n: 1 })).mockReturnValueOnce(answer({ n: 2 }))
  begin('/v1/me')
  expect(await get('/v1/me')).toEqual({ n: 1 })
  expect(fetches).toHaveBeenCalledTimes(1)
  expect(await get('/v1/me')).toEqual({ n: 2 })
})

test('an early request that failed is told to whoever asks, and is asked anew afterwards', async () => {
  fetches.mockRejectedValueOnce(new TypeError('network')).mockReturnValueOnce(answer({ n: 1 }))
  begin('/v1/me')
  await expect(get('/v1/me')).rejects.toMatchObject({ status: 0 })
  expect(await get('/v1/me')).toEqual({ n: 1 })
})
