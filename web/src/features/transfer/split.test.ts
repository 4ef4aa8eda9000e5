import { describe, expect, test } from 'vitest'
import { Splitter } from './split'

function split(text: string, step: number, longest = 10_000) {
  const s = new Splitter(longest)
  const out: (string | null)[] = []
  for (let i = 0; i < text.length; i += step) out.push(...s.feed(text.slice(i, i + step)))
  return [...out, ...s.end()].map((e) => (e === null ? null : (JSON.parse(e) as unknown)))
}

const one = { title: 'a "quoted" ] } \\', mapping: { x: { parts: ['[{', '}]'] } } }
const two = { title: 'zwei', messages: [{ text: '{"conversations":[1]}' }] }
const cases: [string, unknown, unknown[]][] = [
  ['a list', [one, two], [one, two]],
  ['an empty list', [], []],
  ['an export', { user: { name: 'x', list: [1, [2]] }, conversations: [one, two], folders: [{ conversations: [one] }] }, [one, two]],
  ['one conversation', two, [two]],
  ['a list with things that are none', [1, 'x', one, [two]], [one]],
]

describe.each(cases)('%s', (_name, value, want) => {
  test.each([1, 3, 1000])('in pieces of %i', (step) => {
    expect(split(JSON.stringify(value), step)).toEqual(want)
    expect(split(`\uFEFF ${JSON.stringify(value, null, 2)}\n`, step)).toEqual(want)
  })
})

test('one that is too long is told apart, and the next is read', () => {
  const long = { title: 'x'.repeat(500) }
  expect(split(JSON.stringify([long, two]), 7, 200)).toEqual([null, two])
  expect(split(JSON.stringify(long), 7, 200)).toEqual([null])
})

test('what is no JSON gives nothing, or what cannot be parsed', () => {
  expect(split('just words', 4)).toEqual([])
})
