import { readFileSync } from 'node:fs'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { limits } from '../parse/limits'
import { CodeBlock } from './CodeBlock'
import { colour } from './colours'
import { grammars } from './grammars'
import { fileName, labelOf, languageIds, languageOf } from './languages'
import { kinds } from './theme'
import type { Job } from './worker'

const draw = (text: string, info: string, closed = true) =>
  render(<CodeBlock text={text} info={info} closed={closed} />)

/** Stands for the worker: it colours in this thread, or does not answer at all. */
class FakeWorker extends EventTarget {
  static made: FakeWorker[] = []
  static answers = true
  jobs: Job[] = []
  ended = false
  constructor() {
    super()
    FakeWorker.made.push(this)
  }
  postMessage(job: Job) {
    this.jobs.push(job)
    if (FakeWorker.answers) void colour(job.text, job.language).then((lines) => this.dispatchEvent(new MessageEvent('message', { data: { id: job.id, lines } })))
  }
  terminate() {
    this.ended = true
  }
}

// A busy machine may take longer to fetch a grammar, and to compile its expressions, than a line and a worker may take.
beforeAll(() => Promise.all(['go', 'typescript'].map((language) => colour('let warm = 1', language))))
beforeEach(() => {
  FakeWorker.answers = true
  vi.stubGlobal('Worker', FakeWorker)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const jobs = () => FakeWorker.made.flatMap((w) => w.jobs)

describe('colours', () => {
  test('come to code that is complete, and change no character', async () => {
    const text = 'package main\n\nfunc main() {\n\tprintln("hi", 1) // done\n}'
    const { container } = draw(text, 'go')
    expect(container.querySelector('code')?.textContent).toBe(text)
    await waitFor(() => expect(container.querySelector('.code-keyword')?.textContent).toBe('package '))
    expect(container.querySelector('.code-string')?.textContent).toBe('"hi"')
    expect(container.querySelector('.code-comment')?.textContent).toBe('// done')
    expect(container.querySelector('code')?.textContent).toBe(text)
  })

  test('are there at once the second time', async () => {
    const first = draw('let again = 1', 'ts')
    await waitFor(() => expect(first.container.querySelector('.code-keyword')).not.toBeNull())
    first.unmount()
    const before = jobs().length
    expect(draw('let again = 1', 'ts').container.querySelector('.code-keyword')).not.toBeNull()
    expect(jobs()).toHaveLength(before)
  })

  test('are not asked for while code grows, for other languages, nor beyond the limit', () => {
    const before = jobs().length
    draw('let a', 'ts', false)
    draw('let a', 'brainfuck')
    draw('let a', '')
    draw('x'.repeat(limits.coloured + 1), 'ts')
    // What is shown of it is little; asked for is only that.
    expect(jobs().slice(before).every((j) => j.text.length <= limits.shown)).toBe(true)
    expect(jobs().length - before).toBeLessThanOrEqual(1)
  })

  test('of many lines are all there in the end', async () => {
    const text = Array.from({ length: 130 }, (_, i) => `const n${i} = ${i}`).join('\n')
    const { container } = draw(text, 'js')
    await waitFor(() => expect(container.querySelectorAll('.code-keyword')).toHaveLength(130))
    expect(container.querySelector('code')?.textContent).toBe(text)
  })

  test('a grammar that does not come to an end is given up, and the next code gets its colours', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    FakeWorker.answers = false
    draw('let stuck', 'js')
    const stuck = FakeWorker.made.at(-1)
    expect(stuck?.jobs.at(-1)?.text).toBe('let stuck')
    vi.advanceTimersByTime(5_000)
    vi.useRealTimers()
    expect(stuck?.ended).toBe(true)
    FakeWorker.answers = true
    const { container } = draw('let free', 'js')
    await waitFor(() => expect(container.querySelector('.code-keyword')).not.toBeNull())
  })

  test('a line that is too long stays plain', async () => {
    const lines = await colour(`let a = 1\n${'x = 1; '.repeat(1_000)}`, 'javascript')
    expect(lines?.[0]?.length).toBeGreaterThan(2)
    expect(lines?.[1]).toEqual([7_000, 0])
  })

  test.each(languageIds)('%s has a grammar that can be read', { timeout: 30_000 }, async (id) => {
    expect(grammars[id]).toBeDefined()
    expect(await colour('a = "b" + 1 # c', id)).toHaveLength(1)
  })
})

describe('the colours of the themes', () => {
  const tokens = readFileSync('src/styles/tokens.css', 'utf8')
  const styles = readFileSync('src/styles/code.css', 'utf8')
  const block = (selector: string) => tokens.split(`\n${selector} {`)[1]?.split('\n}')[0] ?? ''
  const [light, dark] = [block(':root'), block("[data-theme='dark']")]
  // What comes first counts: colours that a raised contrast leaves alone are those of the theme.
  const raised = [
    block("[data-contrast='more']:not([data-theme='dark'])") + block("[data-contrast='more']") + light,
    block("[data-theme='dark'][data-contrast='more']") + dark,
  ]
  const of = (theme: string, name: string) => new RegExp(`--c-${name}: (#[0-9a-f]{6});`).exec(theme)?.[1] ?? ''
  const luminance = (colour: string) =>
    [1, 3, 5]
      .map((i) => Number.parseInt(colour.slice(i, i + 2), 16) / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * ([0.2126, 0.7152, 0.0722][i] ?? 0), 0)
  const contrast = (a: string, b: string) => {
    const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  test.each(kinds)('%s can be read on the ground of code', (kind) => {
    expect(styles).toContain(`.code-${kind} {\n    color: var(--c-code-${kind});`)
    for (const theme of [light, dark]) expect(contrast(of(theme, `code-${kind}`), of(theme, 'sunken'))).toBeGreaterThanOrEqual(4.5)
    for (const theme of raised) expect(contrast(of(theme, `code-${kind}`), of(theme, 'sunken'))).toBeGreaterThanOrEqual(7)
  })
})

describe('the block', () => {
  test('wraps its lines on demand', async () => {
    draw('long', 'text')
    const button = screen.getByRole('button', { name: 'Wrap long lines' })
    await userEvent.click(button)
    expect(button.getAttribute('aria-pressed')).toBe('true')
    expect(document.querySelector('pre')?.className).toContain('whitespace-pre-wrap')
    draw('another', 'text')
    const [, another] = screen.getAllByRole('button', { name: 'Wrap long lines' })
    expect(another?.getAttribute('aria-pressed')).toBe('true')
    await userEvent.click(another!)
    draw('a third', 'text')
    expect(screen.getAllByRole('button', { name: 'Wrap long lines' })[2]?.getAttribute('aria-pressed')).toBe('false')
  })

  test('without text has a name that it may have', () => {
    draw('', '')
    expect(screen.getByRole('group', { name: 'Code' }).tagName).toBe('PRE')
  })

  test('is saved under a sensible name', async () => {
    URL.createObjectURL = vi.fn(() => 'blob:x')
    const names: string[] = []
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      names.push(this.download)
    })
    draw('x', 'py')
    await userEvent.click(screen.getByRole('button', { name: 'Save as a file' }))
    expect(names).toEqual(['code.py'])
  })

  test('shows very much code in steps, and copies all of it', async () => {
    const text = 'line\n'.repeat(2 * limits.lines + 10)
    const { container } = draw(text, '')
    expect(container.querySelector('code')?.textContent).toBe('line\n'.repeat(limits.lines))
    await userEvent.click(screen.getByRole('button', { name: /^Show more/ }))
    expect(container.querySelector('code')?.textContent).toBe('line\n'.repeat(2 * limits.lines))
  })
})

test.each([
  ['go', '', 'code.go'],
  ['', 'x', 'code.txt'],
  ['brainfuck', '', 'code.txt'],
  ['dockerfile', 'FROM x', 'Dockerfile'],
  ['js title="server.js"', '', 'server.js'],
  ['ts:src/lib/a.ts', '', 'a.ts'],
  ['python', '# tools/run.py\nimport x', 'run.py'],
  ['ts', '// file: cache.ts', 'cache.ts'],
  ['css', '/* a.css */', 'a.css'],
  ['html', '<!-- index.html -->\n<p>', 'index.html'],
  ['sh', '#!/bin/sh', 'code.sh'],
  ['sh', '# say hello.', 'code.sh'],
  ['js title="../../etc/passwd"', '', 'passwd'],
  ['js title=".."', '', 'code.js'],
  ['js title=".bashrc"', '', 'bashrc'],
])('fileName %j %j: %s', (info, text, want) => expect(fileName(info, text)).toBe(want))

test('languages are known by their other names', () => {
  expect([languageOf('JS'), languageOf('c++'), languageOf('yml'), languageOf('nothing'), languageOf('constructor')]).toEqual(['javascript', 'cpp', 'yaml', undefined, undefined])
  expect([labelOf('ts'), labelOf('brainfuck')]).toEqual(['TypeScript', 'brainfuck'])
})
