// @vitest-environment node
import { expect, test } from 'vitest'
import { importFile, type Progress } from './importing'

function run(text: string, signal = new AbortController().signal) {
  const batches: { title?: string }[][] = []
  const seen: Progress[] = []
  const ending = importFile(new Blob([text]), {
    signal,
    onProgress: (now) => seen.push(now),
    reason: (own) => own,
    send: (list) => {
      batches.push(list as { title?: string }[])
      return Promise.resolve({ imported: list.length, skipped: [] })
    },
  })
  return { ending, batches, seen }
}

test('batches stay below the limit, and nothing is lost', async () => {
  const list = Array.from({ length: 30 }, (_, i) => ({ title: `Chat ${i}`, text: 'ü'.repeat(120_000) }))
  const { ending, batches, seen } = run(JSON.stringify(list))
  expect(await ending).toMatchObject({ part: 1, imported: 30, skipped: [] })
  expect(batches.flat().map((c) => c.title)).toEqual(list.map((c) => c.title))
  for (const batch of batches) expect(new TextEncoder().encode(JSON.stringify({ conversations: batch })).length).toBeLessThan(2_000_000)
  expect(seen.map((s) => s.part)).toEqual(seen.map((s) => s.part).toSorted((a, b) => a - b))
})

test('many short ones come in batches too', async () => {
  const { ending, batches } = run(JSON.stringify(Array.from({ length: 250 }, (_, i) => ({ title: `Chat ${i}` }))))
  await ending
  expect(batches.map((b) => b.length)).toEqual([100, 100, 50])
})

test('what is too large is skipped, and the others are taken', async () => {
  const { ending } = run(JSON.stringify([{ title: 'small' }, { title: 'large', text: 'x'.repeat(1_950_000) }, { title: 'wide', text: 'ü'.repeat(1_000_000) }]))
  expect(await ending).toMatchObject({ imported: 1, skipped: [{ reason: 'large' }, { title: 'wide', reason: 'large' }] })
})

test('what is broken is skipped', async () => {
  expect(await run('{"title": nonsense}').ending).toMatchObject({ imported: 0, skipped: [{ reason: 'broken' }] })
})

test('it stops when it is told to', async () => {
  const stop = new AbortController()
  stop.abort(new Error('stopped'))
  await expect(run('[{}]', stop.signal).ending).rejects.toThrow('stopped')
})
