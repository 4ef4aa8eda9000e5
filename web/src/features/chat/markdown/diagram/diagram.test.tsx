import { act, render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CodeBlock } from '../code/CodeBlock'
import { limits } from '../parse/limits'
import { kindOf } from './Diagram'

const svg = '<svg viewBox="0 0 120.4 80"><path d="M0 0"/></svg>'
const draw = (text: string, closed = true) => render(<CodeBlock text={text} info="mermaid" closed={closed} />)
const frame = () => document.querySelector('iframe')

/** Says something to the page as the frame would; other senders are for the tests of its checks. */
function tell(data: unknown, { source = frame()?.contentWindow ?? null, origin = 'null' }: { source?: Window | null; origin?: string } = {}) {
  act(() => void dispatchEvent(new MessageEvent('message', { data, source, origin })))
}

/** What the page asks the frame for, from the next question on. */
function questions(): { id: number; text: string; dark: boolean }[] {
  const asked: { id: number; text: string; dark: boolean }[] = []
  const inner = frame()?.contentWindow
  if (!inner) throw new Error('there is no frame')
  vi.spyOn(inner, 'postMessage').mockImplementation((data: unknown) => void asked.push(data as (typeof asked)[0]))
  return asked
}

let urls = 0
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout'] })
  URL.createObjectURL = vi.fn(() => `blob:${++urls}`)
  URL.revokeObjectURL = vi.fn()
})
afterEach(() => {
  // Each test begins without a frame: one that waits in vain takes it away.
  act(() => void vi.advanceTimersByTime(60_000))
  vi.useRealTimers()
  delete document.documentElement.dataset.theme
})

test('a diagram is drawn in a frame that can do nothing else, and shown as a picture', async () => {
  const { container } = draw('%% a comment\nflowchart LR\n  A --> B')
  expect(container.querySelector('pre')).not.toBeNull()
  expect(frame()?.getAttribute('sandbox')).toBe('allow-scripts')
  expect(frame()?.getAttribute('src')).toBe('/diagram.html')
  const asked = questions()
  tell({ id: 0 })
  expect(asked).toHaveLength(1)
  tell({ id: asked[0]?.id, svg })
  const picture = await screen.findByRole<HTMLImageElement>('img', { name: 'Diagram of the kind “flowchart”' })
  expect([picture.src, picture.width, picture.height]).toEqual([`blob:${urls}`, 121, 80])
  expect(container.querySelector('svg path[d="M0 0"]')).toBeNull()

  await userEvent.click(screen.getByRole('button', { name: 'Show the code' }))
  expect(container.querySelector('pre')?.textContent).toContain('flowchart LR')
  await userEvent.click(screen.getByRole('button', { name: 'Show the diagram' }))
  expect(container.querySelector('img')).not.toBeNull()

  // Another theme, another picture; the old one stays until it is there.
  act(() => {
    document.documentElement.dataset.theme = 'dark'
  })
  await waitFor(() => expect(asked).toHaveLength(2))
  expect(asked[1]?.dark).toBe(true)
  expect(container.querySelector('img')?.getAttribute('src')).toBe(picture.src)
  const before = urls
  tell({ id: asked[1]?.id, svg })
  await waitFor(() => expect(container.querySelector('img')?.getAttribute('src')).toBe(`blob:${before + 1}`))
})

test.each([
  ['another window', { source: window }],
  ['another origin', { origin: 'https://evil.example' }],
  ['nobody', { source: null }],
])('what %s says is not heard', (_name, from) => {
  const { container } = draw('flowchart LR\n  X --> Y')
  const asked = questions()
  tell({ id: 0 })
  tell({ id: asked[0]?.id, svg }, from)
  expect(container.querySelector('img')).toBeNull()
})

test.each([
  ['nothing', undefined],
  ['no text', 7],
  ['no picture', '<html>'],
  ['a script', '<svg><script>alert(1)</script></svg>'],
  ['a handler', '<svg><g onload="alert(1)"/></svg>'],
  ['a foreign object', '<svg><foreignObject/></svg>'],
  ['a link to a script', '<svg><a href="javascript:alert(1)"/></svg>'],
  ['a picture that is too large', `<svg>${'x'.repeat(2_000_000)}</svg>`],
])('%s instead of a picture leaves the code', (_name, bad) => {
  const { container } = draw(`flowchart LR\n  ${_name.length} --> B`)
  const asked = questions()
  tell({ id: 0 })
  tell({ id: asked.at(-1)?.id, svg: bad })
  expect(container.querySelector('img')).toBeNull()
  expect(container.querySelector('pre')).not.toBeNull()
})

test('a diagram that takes too long ends the frame, and the next one gets a fresh one', () => {
  draw('flowchart LR\n  slow --> B')
  const first = frame()
  questions()
  tell({ id: 0 })
  draw('flowchart LR\n  next --> B')
  act(() => void vi.advanceTimersByTime(21_000))
  expect(first?.isConnected).toBe(false)
  expect(frame()).not.toBeNull()
  const asked = questions()
  tell({ id: 0 })
  expect(asked.map((q) => q.text)).toEqual(['flowchart LR\n  next --> B'])
})

test('what is open or too long is code', () => {
  draw('flowchart LR', false)
  draw('x'.repeat(limits.diagram + 1))
  expect(frame()).toBeNull()
})

test.each([
  ['sequenceDiagram\n  A->>B: x', 'sequenceDiagram'],
  ['---\ntitle: A\n---\nflowchart TD', 'flowchart'],
  ['%%{init: {"theme": "dark"}}%%\n%% note\n\nstateDiagram-v2', 'stateDiagram-v2'],
  ['', 'diagram'],
])('kindOf %j: %s', (text, want) => expect(kindOf(text)).toBe(want))
