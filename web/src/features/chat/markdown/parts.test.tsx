import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, test } from 'vitest'
import Drawn, { type AnswerProps } from './Drawn'
import Markdown from './Markdown'
import { partReasoning } from './reasoning'
import { csv, markdown } from './tableText'
import { ToolCard } from './ToolCard'
import { pretty } from './toolCall'

describe('reasoning', () => {
  test.each([
    ['<think>a</think>b', false, { reasoning: 'a', thinking: false, answer: 'b' }],
    ['\n<think>\na\n</think>\n\nb', true, { reasoning: 'a', thinking: false, answer: 'b' }],
    ['<think>a', true, { reasoning: 'a', thinking: true, answer: '' }],
    ['<think>a', false, { reasoning: 'a', thinking: false, answer: '' }],
    ['<think>a</thi', true, { reasoning: 'a', thinking: true, answer: '' }],
    ['<think>a <b', true, { reasoning: 'a <b', thinking: true, answer: '' }],
    ['<thi', true, { reasoning: '', thinking: true, answer: '' }],
    ['<thi', false, { thinking: false, answer: '<thi' }],
    ['', true, { thinking: false, answer: '' }],
    ['see <think>a</think>', false, { thinking: false, answer: 'see <think>a</think>' }],
  ])('%j, open %s', (text, open, want) => expect(partReasoning(text, open)).toEqual(want))

  test('no part of a mark is ever shown while the text grows', () => {
    const text = '<think>ab</think>cd'
    for (let n = 1; n <= text.length; n++) {
      const { reasoning = '', answer } = partReasoning(text.slice(0, n), true)
      expect(`${reasoning}${answer}`).not.toMatch(/[</>]/)
    }
  })

  const draw = (props: AnswerProps) => render(<Drawn {...props} />)

  test('is behind a line that tells how long it took, and opens by keyboard', async () => {
    const { rerender, container } = draw({ text: '<think>**one', open: true })
    const line = screen.getByRole('button', { name: 'Thinking…' })
    expect(container.textContent).not.toContain('one')
    line.focus()
    await userEvent.keyboard('{Enter}')
    expect(line.getAttribute('aria-expanded')).toBe('true')
    expect(container.querySelector('strong')?.textContent).toBe('one')
    rerender(<Drawn text="<think>**one**</think>two" open />)
    expect(screen.getByRole('button', { name: 'Thought for 1 second' })).toBe(line)
    expect(container.textContent).toContain('two')
    await userEvent.keyboard(' ')
    expect(container.textContent).not.toContain('one')
  })

  test('of an answer from before has no time', () => {
    draw({ text: '<think>x</think>y' })
    screen.getByRole('button', { name: 'Thoughts' })
  })

  test('may come apart from the text, with its time', () => {
    draw({ text: 'y', reasoning: 'x', seconds: 12.4 })
    screen.getByRole('button', { name: 'Thought for 12 seconds' })
  })

  test('that is empty is not shown', () => {
    draw({ text: '<think>\n\n</think>\n\ny' })
    expect(screen.queryByRole('button')).toBeNull()
  })
})

describe('a tool card', () => {
  const call = { name: 'search', arguments: '{"q":"tea","n":[1,2]}', result: 'Found <b>3</b>.', status: 'done', duration_ms: 1234 } as const

  test('is one line that opens to what was asked and what came back', async () => {
    const { container } = render(<ToolCard call={call} />)
    const card = screen.getByRole('group', { name: 'Tool search' })
    const line = within(card).getByRole('button')
    expect(line.textContent).toBe('searchDone· 1.2 s')
    expect(card.textContent).not.toContain('tea')
    line.focus()
    await userEvent.keyboard('{Enter}')
    expect([...container.querySelectorAll('pre')].map((el) => el.textContent)).toEqual(['{\n  "q": "tea",\n  "n": [\n    1,\n    2\n  ]\n}', 'Found <b>3</b>.'])
    await userEvent.keyboard('{Enter}')
    expect(container.querySelector('pre')).toBeNull()
  })

  test('that runs shows what was written of its arguments, and no time', async () => {
    const { container } = render(<ToolCard call={{ name: 'search', arguments: '{"q":"te', status: 'running', duration_ms: 5 }} />)
    const line = screen.getByRole('button')
    expect(line.textContent).toBe('searchRunning')
    await userEvent.click(line)
    expect([...container.querySelectorAll('pre')].map((el) => el.textContent)).toEqual(['{"q":"te'])
  })

  test('that failed says so', () => {
    render(<ToolCard call={{ ...call, status: 'failed' }} />)
    expect(screen.getByRole('button').textContent).toContain('Failed')
  })

  test.each([
    ['{"a":1}', '{\n  "a": 1\n}'],
    ['[1', undefined],
    ['plain', undefined],
    ['12', undefined],
  ])('pretty %j', (text, want) => expect(pretty(text)).toBe(want))
})

describe('tables', () => {
  test('as CSV keep commas, quotes and lines, and are no formulas', () => {
    expect(csv([['a', 'b,c'], ['say "x"', '=1+1'], ['-5', '-5%'], ['-cmd', '@x']])).toBe(`a,"b,c"\r\n"say ""x""",'=1+1\r\n-5,-5%\r\n'-cmd,'@x\r\n`)
  })

  test('as Markdown are tables again', () => {
    expect(markdown([{ text: 'a' }, { text: 'b', align: 'right' }], [[{ text: 'x|y' }, { text: '**z**' }], [{ text: '1' }]])).toBe('| a | b |\n| --- | ---: |\n| x\\|y | **z** |\n| 1 |  |\n')
  })

  test('are copied without their looks as CSV', async () => {
    const user = userEvent.setup()
    render(<Markdown text={'| **a** | b |\n|---|--:|\n| `x` | [y](https://a.example) |'} />)
    await user.click(screen.getByRole('button', { name: 'Copy the table' }))
    await user.click(screen.getByRole('menuitem', { name: 'Copy as CSV' }))
    expect(await navigator.clipboard.readText()).toBe('a,b\r\nx,y\r\n')
  })
})

describe('footnotes', () => {
  test('lead there and back', async () => {
    Element.prototype.scrollIntoView = () => {}
    render(<Markdown text={'Text[^a] and[^b].\n\n[^b]: second\n[^a]: first **note**'} />)
    const mark = screen.getByRole('button', { name: 'Footnote 1' })
    const list = screen.getByRole('group', { name: 'Footnotes' })
    expect(within(list).getAllByRole('listitem').map((li) => li.textContent)).toEqual(['first note', 'second'])
    await userEvent.click(mark)
    expect(document.activeElement).toBe(within(list).getAllByRole('listitem')[0])
    await userEvent.click(within(list).getByRole('button', { name: 'Back to footnote 1 in the text' }))
    expect(document.activeElement).toBe(mark)
  })

  test('without a definition stay text', () => expect(render(<Markdown text="a[^1]" />).container.textContent).toBe('a[^1]'))
})

test('a task says what it is, and its box only shows', () => {
  const { container } = render(<Markdown text={'- [x] done\n- [ ] **open**\n- [y] none'} />)
  expect([...container.querySelectorAll<HTMLInputElement>('input')].map((el) => [el.checked, el.disabled])).toEqual([
    [true, true],
    [false, true],
  ])
  expect([...container.querySelectorAll('li')].map((el) => el.textContent)).toEqual(['done', 'open', '[y] none'])
})

test('a long text is drawn to its end', async () => {
  render(<Markdown text={Array.from({ length: 200 }, (_, i) => `Paragraph ${i}`).join('\n\n')} />)
  await screen.findByText('Paragraph 199')
})
