// @vitest-environment node
import { describe, expect, test } from 'vitest'
import { limits, readText, sizeText, splitFiles, withFiles } from './files'

const file = (name: string, body: string | Uint8Array<ArrayBuffer>, type = '') => new File([body], name, { type })

describe('readText', () => {
  test('takes text', async () => expect(await readText(file('a.txt', 'Grüße'))).toEqual({ name: 'a.txt', size: 7, text: 'Grüße' }))
  test.each([
    ['a picture', file('a.png', 'x', 'image/png'), 'image'],
    ['a NUL', file('a.bin', new Uint8Array([65, 0, 66])), 'binary'],
    ['bytes that are no UTF-8', file('a.txt', new Uint8Array([0xff, 0xfe, 0x41])), 'binary'],
    ['nothing', file('a.txt', ''), 'empty'],
    ['only spaces', file('a.txt', ' \n '), 'empty'],
    ['too much', file('a.txt', 'x'.repeat(limits.bytes + 1)), 'large'],
  ])('refuses %s', async (_what, f, want) => expect(await readText(f)).toBe(want))
})

describe('withFiles and splitFiles', () => {
  const cases: [string, string, [string, string][]][] = [
    ['one', 'Look:', [['a.go', 'package a']]],
    ['several', 'Look:', [['a.go', 'package a\n\nfunc f() {}'], ['b.md', 'x\n\n```js\ny\n```']]],
    ['no words', '', [['a.txt', 'x']]],
    ['fences inside', 'q', [['a.md', '````\n```\n````\n\n`b.md`:\n\n```\nz\n```']]],
    ['none', 'Only words with `code`:\n\nand so on', []],
  ]
  test.each(cases)('%s', (_name, text, list) => {
    const files = list.map(([name, body]) => ({ name, text: body, size: new TextEncoder().encode(body).length }))
    expect(splitFiles(withFiles(text, files))).toEqual({ text, files })
  })
  test('a block of the writer’s own stays in the text', () => {
    const own = '`x`:\n\n```\ncode\n```\n\nWhat does this do?'
    expect(splitFiles(own)).toEqual({ text: own, files: [] })
  })
  test('the language follows the name', () => expect(withFiles('', [{ name: 'A.PY', size: 1, text: 'x' }])).toBe('`A.PY`:\n\n```py\nx\n```'))
})

test.each([
  [999, '999 bytes'],
  [1_500, '1.5 kB'],
  [256_000, '256 kB'],
  [1_120_000_000, '1.1 GB'],
])('sizeText %i', (n, want) => expect(sizeText(n, 'en')).toBe(want))
