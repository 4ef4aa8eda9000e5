import { describe, expect, test } from 'vitest'
import type { Message } from '@/api/types'
import { aMessage } from '@/test/samples'
import { buildTree, newestLeaf, pathTo, placeOf } from './tree'

const message = (id: string, parent_id: string) => aMessage({ id, parent_id, role: id.startsWith('q') ? 'user' : 'assistant' })

// q1 - a1 - q2 - a2
//   \- a1b          q1e - a1e   (q1e is an edit of q1)
const tree = buildTree([
  message('q1', ''),
  message('a1', 'q1'),
  message('q2', 'a1'),
  message('a2', 'q2'),
  message('a1b', 'q1'),
  message('q1e', ''),
  message('a1e', 'q1e'),
])
const ids = (list: Message[]) => list.map((m) => m.id).join(' ')

describe('pathTo', () => {
  test.each([
    ['a2', 'q1 a1 q2 a2'],
    ['a1b', 'q1 a1b'],
    ['a1e', 'q1e a1e'],
    ['q2', 'q1 a1 q2'],
    [undefined, 'q1e a1e'],
    ['unknown', 'q1e a1e'],
  ])('%s -> %s', (leaf, want) => expect(ids(pathTo(tree, leaf))).toBe(want))

  test('nothing has an empty path', () => expect(pathTo(buildTree([]), undefined)).toEqual([]))
  test('a parent that is missing counts as none', () => expect(ids(pathTo(buildTree([message('a', 'gone')]), 'a'))).toBe('a'))
  test('a circle does not hang', () => {
    const circle = buildTree([message('a', 'b'), message('b', 'a')])
    expect(pathTo(circle, 'a')).toHaveLength(2)
    expect(newestLeaf(circle, 'a')).toBeDefined()
  })
})

test.each([
  ['q1', 'a1b'],
  ['a1', 'a2'],
  ['q1e', 'a1e'],
  ['', 'a1e'],
])('newestLeaf of %s is %s', (id, want) => expect(newestLeaf(tree, id)).toBe(want))

test.each([
  ['q1', { n: 1, total: 2, previous: undefined, next: 'q1e' }],
  ['q1e', { n: 2, total: 2, previous: 'q1', next: undefined }],
  ['a1b', { n: 2, total: 2, previous: 'a1', next: undefined }],
  ['a2', { n: 1, total: 1, previous: undefined, next: undefined }],
  ['unknown', { n: 1, total: 1, previous: undefined, next: undefined }],
])('placeOf %s', (id, want) => expect(placeOf(tree, id)).toEqual(want))
