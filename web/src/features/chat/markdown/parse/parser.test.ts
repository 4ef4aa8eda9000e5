import { describe, expect, test } from 'vitest'
import { closedFence, nothingShared, parseBlocks, parseInline } from './parser'

const inline = (text: string) =>
  parseInline(text, nothingShared)
    .filter((t) => t.type === 'formula')
    .map((t) => t.content)

describe('formulas in a line', () => {
  test.each([
    ['$x$', ['x']],
    ['so $a^2 + b^2 = c^2$ holds', ['a^2 + b^2 = c^2']],
    ['$\\$5$', ['\\$5']],
    ['a $x$-axis and $y$.', ['x', 'y']],
    ['\\(e^{i\\pi}\\) and \\[x\\]', ['e^{i\\pi}', 'x']],
    ['over\n$a +\nb$ lines', ['a +\nb']],
    ['$$x$$ within', ['x']],
    ['$5 \\text{ apples}$', ['5 \\text{ apples}']],
    ['$100$', ['100']],
  ])('%s', (text, want) => expect(inline(text)).toEqual(want))

  test.each([
    '$5 and $10',
    'between $5 and 10$ each',
    '$5-$10',
    'US$5, CA$6 and $7',
    'costs $1,000.50 or $2,000.75.',
    'a $ b $ c',
    '`$x$`',
    '\\$x$',
    '$PATH and $HOME',
    '$$',
    '$$$ cheap $$$',
    '\\(never closed',
    '\\\\(x\\\\)',
    '$x',
  ])('%s is text', (text) => expect(inline(text)).toEqual([]))

  test('what is displayed is told', () => {
    expect(parseInline('$$x$$ \\[y\\] $z$', nothingShared).filter((t) => t.type === 'formula').map((t) => t.info)).toEqual(['display', 'display', ''])
  })
})

describe('formulas on lines of their own', () => {
  const blocks = (text: string) => parseBlocks(text).map((t) => `${t.type}:${t.content.trim()}`)
  test.each([
    ['$$\nx\n- y\n= z\n$$', ['formula:x\n- y\n= z']],
    ['\\[\nx\n\\]', ['formula:x']],
    ['$$ x = 1 $$', ['formula:x = 1']],
    ['text\n$$\nx\n$$\nmore', ['paragraph_open:', 'inline:text', 'paragraph_close:', 'formula:x', 'paragraph_open:', 'inline:more', 'paragraph_close:']],
    ['> $$\n> x\n> $$', ['blockquote_open:', 'formula:x', 'blockquote_close:']],
    ['$$\nx\n\ny', ['paragraph_open:', 'inline:$$\nx', 'paragraph_close:', 'paragraph_open:', 'inline:y', 'paragraph_close:']],
    ['$$x$$ and $$y$$', ['paragraph_open:', 'inline:$$x$$ and $$y$$', 'paragraph_close:']],
    ['$$$ is expensive', ['paragraph_open:', 'inline:$$$ is expensive', 'paragraph_close:']],
    ['    $$\n    x\n    $$', ['code_block:$$\nx\n$$']],
  ])('%j', (text, want) => expect(blocks(text)).toEqual(want))

  test('one that is not complete says so', () => expect(parseBlocks('$$\nx').map((t) => t.info)).toEqual(['display open']))

  test('in a list it stays in its item', () => {
    expect(parseBlocks('1. a\n   $$\n   x\n   $$\n2. b').filter((t) => t.type === 'formula').map((t) => [t.content, t.level])).toEqual([['x', 2]])
  })
})

test.each([
  ['```\n```', true],
  ['```\na\n```', true],
  ['```\na\n```\n', true],
  ['> ```\n> a\n> ```', true],
  ['```', false],
  ['```\n', false],
  ['```\na', false],
  ['```\na\n', false],
  ['```\na\n``', false],
  ['````\n```', false],
  ['- ```\n  a\n\nb', false],
])('closedFence %j', (text, want) => {
  const fence = parseBlocks(text).find((t) => t.type === 'fence')
  expect(fence && closedFence(fence)).toBe(want)
})
