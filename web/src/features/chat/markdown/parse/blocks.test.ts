import { describe, expect, test } from 'vitest'
import { createSplitter, splitBlocks } from './blocks'
import { limits } from './limits'

const sources = (text: string) => splitBlocks(text).blocks.map((b) => b.source)

const sample = `# Title\n\nA paragraph\nof two lines.\nSetext\n---\n- a\n- b\n\n  more of b\n1. one\n\n> quote\nlazy\n\n\`\`\`go\nx := 1\n\n# not a title\n\`\`\`\nafter\n\n$$\na\n- b\n$$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\n~~~\nstill open\n`

describe('splitBlocks', () => {
  test('joined, the blocks are the text', () => {
    for (let n = 0; n <= sample.length; n++) expect(sources(sample.slice(0, n)).join('')).toBe(sample.slice(0, n))
  })

  test('cuts a growing text as it cuts the whole', () => {
    for (const pace of [1, 2, 3, 7, 19]) {
      const split = createSplitter()
      for (let n = 0; n <= sample.length; n += pace) {
        const text = sample.slice(0, n)
        expect(split(text).blocks.map((b) => b.source), `${pace}: ${JSON.stringify(text.slice(-20))}`).toEqual(sources(text))
      }
    }
  })

  test('keeps the tokens of a block that does not change', () => {
    const split = createSplitter()
    const before = split('one\n\ntwo\n\nthree\n\nfour').blocks
    const after = split('one\n\ntwo\n\nthree\n\nfour and more').blocks
    expect(after[0]?.tokens).toBe(before[0]?.tokens)
    expect(after[3]?.tokens).not.toBe(before[3]?.tokens)
  })

  test('a fence that turns out not to be one joins its paragraph again', () => {
    const split = createSplitter()
    split('one\n\ntwo\n```')
    expect(split('one\n\ntwo\n```x`y').blocks.map((b) => b.source)).toEqual(['one\n\n', 'two\n```x`y'])
  })

  test('another text begins anew', () => {
    const split = createSplitter()
    split(sample)
    expect(split('a\n\nb\n\nc').blocks.map((b) => b.source)).toEqual(['a\n\n', 'b\n\n', 'c'])
  })
})

describe('what blocks share', () => {
  test('a definition is known wherever it stands', () => {
    expect(splitBlocks('[a][r]\n\nb\n\n[r]: https://example.com').shared.references).toEqual({ R: { title: '', href: 'https://example.com' } })
  })

  test('a definition that grows is the whole one in the end', () => {
    const split = createSplitter()
    const text = '[a][r]\n\n[r]: https://example.com/page'
    for (let n = 1; n < text.length; n++) split(text.slice(0, n))
    expect(split(text).shared.references.R?.href).toBe('https://example.com/page')
  })

  test('it stays the same thing while nothing in it changes', () => {
    const split = createSplitter()
    const { shared } = split('[r]: https://a.example\n\ntext')
    expect(split('[r]: https://a.example\n\ntext and more').shared).toBe(shared)
  })

  test('footnotes count in the order of their marks', () => {
    const { notes, shared } = splitBlocks('a[^late] b[^first]\n\n[^first]: one\n    more\n\n    and more\n[^late]: two\n[^unused]: three\n\nafter')
    expect(notes).toEqual([
      { name: 'late', text: 'two' },
      { name: 'first', text: 'one\nmore\n\nand more' },
      { name: 'unused', text: 'three' },
    ])
    expect(shared.notes).toEqual({ late: 1, first: 2, unused: 3 })
  })
})

describe('beyond the limits text is plain', () => {
  const plain = (text: string) => splitBlocks(text).blocks.filter((b) => b.plain)
  test.each([
    ['quotes in quotes', '>'.repeat(5_000) + ' x'],
    ['lists in lists', Array.from({ length: 200 }, (_, i) => `${'  '.repeat(i)}- x`).join('\n')],
    ['a list of very many items', '- x\n'.repeat(4_000)],
    ['a long paragraph', 'word '.repeat(8_000)],
    ['a table of very many cells', `|${'a|'.repeat(100)}\n|${'-|'.repeat(100)}\n${`|${'b|'.repeat(60)}\n`.repeat(200)}`],
  ])('%s', (_name, text) => {
    expect(plain(text)).toHaveLength(1)
    expect(sources(text).join('')).toBe(text)
  })

  test('only the block that is too much, and not its neighbours', () => {
    const { blocks } = splitBlocks(`# a\n\n${'>'.repeat(5_000)} x\n\nb`)
    expect(blocks.map((b) => b.plain)).toEqual([false, true, false])
  })

  test('the rest of a text that is too long', () => {
    const text = 'A line of text.\n\n'.repeat(Math.ceil(limits.text / 17) + 1_000)
    const { blocks } = splitBlocks(text)
    expect(blocks.length).toBeLessThanOrEqual(limits.blocks + 1)
    expect(blocks.at(-1)?.plain).toBe(true)
    expect(blocks.map((b) => b.source).join('')).toBe(text)
  })

  test('footnotes that are too many stay where they are', () => {
    const { blocks, notes } = splitBlocks(Array.from({ length: limits.notes + 2 }, (_, i) => `[^${i}]: n`).join('\n'))
    expect(notes).toHaveLength(limits.notes)
    expect(blocks.filter((b) => b.plain).map((b) => b.source)).toEqual([`[^${limits.notes}]: n\n`, `[^${limits.notes + 1}]: n`])
  })

  test('code of any size stays code', () => {
    const { blocks } = splitBlocks(`\`\`\`\n${'x\n'.repeat(50_000)}\`\`\``)
    expect(blocks.map((b) => [b.plain, b.tokens[0]?.type])).toEqual([[false, 'fence']])
  })
})
