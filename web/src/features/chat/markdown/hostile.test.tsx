import { render } from '@testing-library/react'
import { beforeAll, describe, expect, test } from 'vitest'
import Markdown from './Markdown'
import { limits } from './parse/limits'

const draw = (text: string, open: boolean) =>
  render(<Markdown text={text} open={open} />)

const million = 1_000_000
const times = (text: string, n: number) => text.repeat(n)
const upTo = (text: string, length: number) => text.repeat(Math.ceil(length / text.length)).slice(0, length)

const hostile: [string, string][] = [
  ['a megabyte of prose', upTo('A **word** and `code`, [a link](https://a.example) and *more*.\n\n', million)],
  ['one line of a megabyte', 'x'.repeat(million)],
  ['one line of a megabyte of words', upTo('word ', million)],
  ['one line of a megabyte in code', `\`\`\`js\n${'x'.repeat(million)}\n\`\`\``],
  ['a megabyte of short blocks', upTo('a\n\n', million)],
  ['a megabyte of line ends', '\n'.repeat(million)],
  ['5,000 quotes in each other', `${times('> ', 5_000)}deep`],
  ['5,000 lists in each other', Array.from({ length: 5_000 }, (_, i) => `${' '.repeat(2 * Math.min(i, 400))}- x`).join('\n')],
  ['5,000 marks of lists in a line', `${times('- ', 5_000)}x`],
  ['5,000 emphases in each other', `${times('*a **b ', 2_500)}${times('c** d* ', 2_500)}`],
  ['5,000 links in each other', `${times('[', 5_000)}x${times('](https://a.example)', 5_000)}`],
  ['10,000 links', times('[a](https://a.example/b) ', 10_000)],
  ['10,000 bare addresses', times('https://a.example/b ', 10_000)],
  ['10,000 images of another host', times('![x](https://evil.example/x.png) ', 10_000)],
  ['10,000 footnotes', Array.from({ length: 10_000 }, (_, i) => `[^${i}] `).join('') + Array.from({ length: 10_000 }, (_, i) => `\n[^${i}]: n`).join('')],
  ['10,000 definitions', Array.from({ length: 10_000 }, (_, i) => `[r${i}]: https://a.example/${i}`).join('\n') + '\n\n[a][r1]'],
  ['10,000 formulas', times('$x^2$ ', 10_000)],
  ['a formula of 5,000 fractions', `$$${times('\\frac{1}{', 5_000)}x${times('}', 5_000)}$$`],
  ['a table of a million cells', `|${times('a|', 1_000)}\n|${times('-|', 1_000)}\n${times('|b\n', 1_000)}`],
  ['a heading underlined by a megabyte', `a\n${'='.repeat(million)}`],
  ['a rule of a megabyte', upTo('- ', million)],
]

// Within the limits, so that all of it is parsed: what has made parsers slow.
const crafted = [
  '\\( $a ', '*a_ ', '**a _b ~~c [d ![e `f <g ', '*a_ __b** ', '*a **b ', '](', '[', '![', '[a](', '<!-- ', '<a href="', '&amp;&#x41;', '\\', '`` ` ', 'http://a.b/(', 'a@', 'a@b.c ', 'www.', '$', '$a$', '[^a]', '~', '_ a', '<', 'a ', '|', '\u00a0', '\u202e', '\ud800',
]
for (const piece of crafted) hostile.push([`${JSON.stringify(piece)} again and again`, times(`${upTo(piece, 9_900)}\n\n`, 3)])
hostile.push(['ticks of growing length', Array.from({ length: 130 }, (_, i) => times('`', i)).join(' ')])
hostile.push(['spaces before an end', `a${times(' ', 9_900)}b`])

// The milliseconds that this process computes for a drawing: what other programs do does not count.
function cost(text: string, open: boolean): number {
  const before = process.cpuUsage()
  draw(text, open).unmount()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

// What a plain answer of 30 kB takes on this machine, now.
let usual = 0
beforeAll(() => {
  const text = upTo('A **word** and `code`, [a link](https://a.example) and *more* in a paragraph of some length.\n\n- an item\n- another\n\n', 30_000)
  cost(text, false)
  usual = Math.max(cost(text, false), cost(text, false))
})

describe.each([
  ['finished', false],
  ['on its way', true],
])('%s', (_state, open) => {
  test.each(hostile)('%s', { timeout: 30_000 }, (_name, text) => {
    // Collecting garbage falls to whoever computes: the least of three is the text's own.
    let least = Infinity
    for (let tries = 0; tries < 3 && least / usual >= 12; tries++) least = Math.min(least, cost(text, open))
    expect(least / usual).toBeLessThan(12)
    const { container } = draw(text, open)
    expect(container.querySelectorAll('img, script, iframe, object, embed, style')).toHaveLength(0)
    const all = [...container.querySelectorAll('*')]
    expect(all.length).toBeLessThan(16_000)
    expect(Math.max(...all.filter((el) => !el.firstElementChild).map(depth))).toBeLessThan(200)
    // What is plain is shown in steps.
    expect(container.textContent.length).toBeLessThan(2 * limits.text)
  })
})

function depth(el: Element | null): number {
  let n = 0
  for (let at = el; at; at = at.parentElement) n++
  return n
}
