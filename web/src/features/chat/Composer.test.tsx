import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { fireEvent, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, expect, test, vi } from 'vitest'
import { Composer } from './Composer'
import { clearDrafts, readDraft } from './drafts'

beforeEach(clearDrafts)

function setup(props: Partial<Parameters<typeof Composer>[0]> = {}) {
  const onSend = vi.fn()
  const onStop = vi.fn()
  const client = new QueryClient()
  const element = (more: typeof props = {}) => (
    <QueryClientProvider client={client}>
      <Composer draftKey="a" onSend={onSend} onStop={onStop} {...props} {...more} />
    </QueryClientProvider>
  )
  const { rerender } = render(element())
  return { onSend, onStop, again: (more: typeof props) => rerender(element(more)), user: userEvent.setup(), field: screen.getByLabelText<HTMLTextAreaElement>('Message') }
}

test('Enter sends and empties the field', async () => {
  const { onSend, user, field } = setup()
  await user.type(field, '  hello {Enter}')
  expect(onSend).toHaveBeenCalledExactlyOnceWith('hello')
  expect(field.value).toBe('')
})

test('Shift+Enter breaks the line', async () => {
  const { onSend, user, field } = setup()
  await user.type(field, 'a{Shift>}{Enter}{/Shift}b')
  expect(field.value).toBe('a\nb')
  expect(onSend).not.toHaveBeenCalled()
})

test('Enter that ends a word of an input method does not send', () => {
  const { onSend, field } = setup()
  fireEvent.change(field, { target: { value: 'にほん' } })
  fireEvent.keyDown(field, { key: 'Enter', isComposing: true })
  expect(onSend).not.toHaveBeenCalled()
})

test('nothing but spaces is not sent', async () => {
  const { onSend, user, field } = setup()
  await user.type(field, '   {Enter}')
  expect(onSend).not.toHaveBeenCalled()
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(true)
})

test('while an answer comes, Enter hands on what is to be queued, and Escape or the button stops', async () => {
  const { onSend, onStop, user, field } = setup({ active: 'msg_a' })
  await user.type(field, 'next{Enter}')
  expect(onSend).toHaveBeenCalledExactlyOnceWith('next')
  expect(field.value).toBe('')
  await user.keyboard('{Escape}')
  await user.click(screen.getByRole('button', { name: 'Stop' }))
  expect(onStop).toHaveBeenCalledTimes(2)
})

test('each chat has its own draft', async () => {
  const { again, user, field } = setup()
  await user.type(field, 'for a')
  again({ draftKey: 'b' })
  expect(field.value).toBe('')
  again({ draftKey: 'a' })
  expect(field.value).toBe('for a')
  expect(readDraft('a')).toBe('for a')
})

test('without a model nothing can be typed', () => {
  expect(setup({ disabled: true }).field.disabled).toBe(true)
})
