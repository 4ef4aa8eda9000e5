import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import type { Source } from '@/api/types'
import { Inline } from '@/features/chat/markdown/Inline'
import { nothingShared } from '@/features/chat/markdown/parse/parser'
import { Checked } from './Checked'
import { Sourced } from './Sources'

vi.mock('./SourceDialog', () => ({ SourceDialog: ({ source }: { source: Source }) => <div role="dialog">{source.label}</div> }))

const source = (label: string): Source => ({
  label, vector_store_id: 'vs_1', file_id: `file_${label}`, filename: `${label}.md`, title: `Rules ${label}`, heading: '', page: 0, start: 0, end: 4, quote: 'Need', score: 1, cited: true,
})

function show(text: string) {
  return render(
    <Sourced sources={[source('S1'), source('S2')]} text={text}>
      <p>
        <Inline text={text} shared={nothingShared} />
      </p>
    </Sourced>,
  )
}

test('a citation leads to its source', async () => {
  show('Ships need **one [S2]**, or two [S1, S2].')
  expect(screen.getAllByRole('button', { name: /^Source S\d: Rules/ }).map((b) => b.textContent)).toEqual(['S2', 'S1', 'S2'])
  await userEvent.click(screen.getByRole('button', { name: 'Source S1: Rules S1' }))
  expect((await screen.findByRole('dialog')).textContent).toBe('S1')
})

test.each(['See [S7].', 'See [S1, S7].', 'An array [Size].', '`[S1]`'])('%s cites nothing', (text) => {
  const { container } = show(text)
  expect(container.querySelector('.cite-mark')).toBeNull()
  expect(container.querySelector('p')?.textContent).toBe(text.replaceAll('`', ''))
})

const claim = (start: number, end: number, supported: boolean) => ({ start, end, cites: [], support: 0, supported, source: '' })

test('what no source supports is named', () => {
  const text = 'Größe zählt. Zwölf Möwen.'
  const bytes = (part: string) => new TextEncoder().encode(text.slice(0, text.indexOf(part))).length
  const end = new TextEncoder().encode(text).length
  render(<Checked text={text} grounding={{ hallucination_score: 0.5, claims: [claim(0, bytes('Zwölf') - 1, true), claim(bytes('Zwölf'), end, false)] }} />)
  screen.getByText('1 of 2 sentences was not found in its sources')
  expect(screen.getAllByRole('listitem').map((li) => li.textContent)).toEqual(['Zwölf Möwen.'])
})

test('an answer that claims nothing says nothing of its sources', () => {
  const { container } = render(<Checked text="" grounding={{ hallucination_score: 0, claims: [] }} />)
  expect(container.textContent).toBe('')
})
