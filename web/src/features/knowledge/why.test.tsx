import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import { at, explained, file } from '../../../gallery/documents'
import { post } from '@/api/client'
import { WhyDialog } from './WhyDialog'
import { WhySteps } from './WhySteps'

vi.mock('@/api/client', async (original) => ({ ...(await original<object>()), post: vi.fn() }))

const marks = () => screen.getAllByRole('listitem').map((li) => li.querySelector('svg')?.getAttribute('aria-label'))

test('each step is told, and which of them it passed', () => {
  render(<WhySteps explained={{ ...explained, verdict: 'others_were', by_words: at(0, 12), by_meaning: at(81, 2000), ranked: at(64, 140) }} />)
  expect(marks()).toEqual(['Yes', 'No', 'Yes', 'No'])
  screen.getByText('By its meaning it comes in place 81; the first 100 go on.')
  screen.getByText('Of all that went on it comes in place 64; the first 5 are given.')
})

test('a file is asked about, and asked again after a failure', async () => {
  vi.mocked(post).mockRejectedValueOnce(new Error('down')).mockResolvedValueOnce(explained)
  render(<WhyDialog file={file('rules.md')} onClose={() => {}} />)
  const ask = screen.getByRole('button', { name: 'Look' })
  expect(ask).toHaveProperty('disabled', true)
  await userEvent.type(screen.getByLabelText('A question to look for it with'), 'who needs a pilot?')
  await userEvent.click(ask)
  await screen.findByRole('alert')
  await userEvent.click(ask)
  await screen.findByText('It is found.')
  expect(screen.queryByRole('alert')).toBeNull()
  expect(post).toHaveBeenLastCalledWith('/v1/vector_stores/vs_1/files/file_rules.md/explain', { query: 'who needs a pilot?' })
})
