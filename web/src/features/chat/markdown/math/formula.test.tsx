import { render, screen, waitFor } from '@testing-library/react'
import { expect, test } from 'vitest'
import Markdown from '../Markdown'

const draw = (text: string, open = false) => render(<Markdown text={text} open={open} />).container
const drawn = async (text: string) => {
  const page = draw(text)
  await waitFor(() => expect(page.querySelector('.katex math')).not.toBeNull())
  return page
}
const visible = (page: HTMLElement) => [...page.querySelectorAll('code:not(.hidden)')].map((c) => c.textContent)

test('a formula is drawn, with MathML for screen readers', async () => {
  const page = await drawn('so $a^2$ and\n\n$$\nb - c\n$$')
  await waitFor(() => expect(page.querySelectorAll('.katex')).toHaveLength(2))
  expect(page.querySelectorAll('.katex-display')).toHaveLength(1)
  expect(page.querySelector('annotation')?.textContent).toBe('a^2')
  expect(visible(page)).toEqual([])
  expect(screen.getByRole('group', { name: 'Formula' }).tabIndex).toBe(0)
})

test('a wrong one stays as its source, beside a right one', async () => {
  const page = await drawn('$x$ and $\\nosuch{y}$')
  await waitFor(() => expect(visible(page)).toEqual(['$\\nosuch{y}$']))
  expect(page.querySelectorAll('.katex')).toHaveLength(1)
})

test.each([
  ['links', '\\href{javascript:alert(1)}{x}'],
  ['pictures', '\\includegraphics{https://evil.example/x.png}'],
  ['classes', '\\htmlClass{fixed}{x}'],
  ['styles', '\\htmlStyle{position:fixed}{x}'],
  ['endless macros', '\\def\\a{\\a\\a}\\a'],
])('%s are not for formulas', async (_name, tex) => {
  const page = await drawn(`$y$ and \\(${tex}\\)`)
  await waitFor(() => expect(visible(page).length + page.querySelectorAll('.katex').length).toBe(2))
  expect(page.querySelector('a, img, [class*=fixed], [style*=fixed]')).toBeNull()
})

test('sizes have a limit', async () => {
  const page = await drawn('$\\rule{9999em}{9999em}$')
  for (const el of page.querySelectorAll<HTMLElement>('.rule')) expect(Number.parseFloat(el.style.borderRightWidth)).toBeLessThanOrEqual(20)
})

test('one that is not complete, or too deep, is no formula yet', () => {
  expect(visible(draw('$$\n\\frac{1', true))).toEqual(['\\frac{1'])
  expect(visible(draw(`$${'{'.repeat(100)}x${'}'.repeat(100)}$`))).toHaveLength(1)
})

test('prices stay text', () => expect(draw('It is $5 and $10, or US$20.').querySelector('code')).toBeNull())
