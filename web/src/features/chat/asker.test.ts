import { QueryClient } from '@tanstack/react-query'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { ApiError } from '@/api/client'
import type { Conversation, Message, TurnRequest } from '@/api/types'
import { conversationKey } from '@/features/conversations/data'
import { Asker } from './asker'
import { messagesKey } from './data'
import { clearDrafts, readDraft } from './drafts'
import { clearPairs, pairOf, usePairs } from './pairs'
import { clearQueues, enqueue, queueOf } from './queue'
import type { AskHandlers, Turn } from './turns'
import { renderHook } from '@testing-library/react'
import { aChat, aDone, aMessage, aStart } from '@/test/samples'

interface Played {
  request: TurnRequest
  start: (id: string, question?: string) => void
  end: (turn?: Partial<Turn>) => void
  refuse: (err: Error) => void
}

const ended: Turn = { phase: 'done', text: 'x', queue: 0, up: true, stopping: false, done: aDone() }
const settled = () => new Promise((resolve) => setTimeout(resolve))

/** An asker whose server is played by hand. */
function setup() {
  const asked: Played[] = []
  const asker = new Asker({
    ask: (_ticket: string, request: TurnRequest, handlers: AskHandlers) =>
      new Promise<void>((resolve, reject) => {
        let id = ''
        asked.push({
          request,
          start: (message, question) => {
            id = message
            handlers.started(aStart({ message_id: message, user_message_id: question, conversation_id: request.conversation_id ?? 'cnv_new', model: request.model ?? 'm' }))
          },
          end: (turn) => {
            handlers.ended({ ...ended, ...turn }, aStart({ message_id: id }))
            resolve()
          },
          refuse: reject,
        })
      }),
  })
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  client.setQueryData<Conversation>(conversationKey('c'), aChat({ id: 'c', leaf_id: 'msg_0' }))
  client.setQueryData<Message[]>(messagesKey('c'), [])
  return { asker, asked, client }
}

beforeEach(() => {
  clearDrafts()
  clearQueues()
  clearPairs()
  vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response('{"data":[]}'))))
})

const at = (list: Played[], i: number) => {
  const one = list[i]
  if (!one) throw new Error(`request ${i} was not made`)
  return one
}

describe('the queue', () => {
  test('is sent in order, each from the end of the answer before', async () => {
    const { asker, asked, client } = setup()
    void asker.ask(client, 'c', { parent: 'msg_0', text: 'one' })
    at(asked, 0).start('msg_a1', 'msg_q1')
    enqueue('c', { text: 'two', model: 'other' })
    enqueue('c', { text: 'three' })
    await settled()
    expect(asked).toHaveLength(1)
    at(asked, 0).end()
    await settled()
    expect(at(asked, 1).request).toEqual({ conversation_id: 'c', parent_id: 'msg_a1', model: 'other', messages: [{ role: 'user', content: 'two' }] })
    expect(queueOf('c').map((m) => m.text)).toEqual(['three'])
    at(asked, 1).start('msg_a2', 'msg_q2')
    await settled()
    at(asked, 1).end()
    await settled()
    expect(at(asked, 2).request).toMatchObject({ parent_id: 'msg_a2', messages: [{ content: 'three' }] })
    expect(queueOf('c')).toEqual([])
  })

  test.each([
    ['stopped', { done: aDone({ partial: true }) }],
    ['failed', { phase: 'failed' as const, fault: { code: 'internal', message: 'x' } }],
  ])('waits for the reader when the answer was %s', async (_how, turn) => {
    const { asker, asked, client } = setup()
    void asker.ask(client, 'c', { parent: 'msg_0', text: 'one' })
    at(asked, 0).start('msg_a1', 'msg_q1')
    enqueue('c', { text: 'two' })
    at(asked, 0).end(turn)
    await settled()
    expect(asked).toHaveLength(1)
    void asker.sendQueued(client, 'c')
    await settled()
    expect(asked).toHaveLength(2)
  })

  test('keeps a message that the server refused', async () => {
    const { asker, asked, client } = setup()
    enqueue('c', { text: 'two' })
    const sending = asker.sendQueued(client, 'c')
    await settled()
    at(asked, 0).refuse(new ApiError(400, 'invalid_request', 'no'))
    await sending
    expect(queueOf('c').map((m) => m.text)).toEqual(['two'])
    expect(asker.problemOf('c')).toBe('No.')
  })

  test('of a new chat moves to it', async () => {
    const { asker, asked, client } = setup()
    const onNew = vi.fn()
    void asker.ask(client, '', { parent: '', text: 'one', onNew })
    enqueue('', { text: 'two' })
    at(asked, 0).start('msg_a1', 'msg_q1')
    await settled()
    expect(onNew).toHaveBeenCalledExactlyOnceWith('cnv_new')
    expect(queueOf('cnv_new').map((m) => m.text)).toEqual(['two'])
    expect(queueOf('')).toEqual([])
  })
})

describe('two models', () => {
  test('the second answers the same question, and the first stays the branch', async () => {
    const { asker, asked, client } = setup()
    void asker.ask(client, 'c', { parent: 'msg_0', text: 'one', model: 'a', beside: 'b' })
    at(asked, 0).start('msg_left', 'msg_q')
    expect(at(asked, 1).request).toEqual({ conversation_id: 'c', parent_id: 'msg_q', model: 'b', messages: [] })
    at(asked, 1).start('msg_right')
    await settled()
    const { result } = renderHook(() => usePairs())
    expect(pairOf(result.current, 'msg_right')).toEqual({ question: 'msg_q', left: 'msg_left', right: 'msg_right' })
    expect(client.getQueryData<Conversation>(conversationKey('c'))?.leaf_id).toBe('msg_left')
    expect(asker.busy('c')).toBe(true)
    enqueue('c', { text: 'next' })
    at(asked, 0).end()
    await settled()
    expect(asked).toHaveLength(2)
    at(asked, 1).end()
    await settled()
    expect(at(asked, 2).request).toMatchObject({ parent_id: 'msg_left', messages: [{ content: 'next' }] })
  })

  test('a second that is refused leaves the first alone', async () => {
    const { asker, asked, client } = setup()
    void asker.ask(client, 'c', { parent: 'msg_0', text: 'one', beside: 'b' })
    at(asked, 0).start('msg_left', 'msg_q')
    at(asked, 1).refuse(new ApiError(503, 'busy', 'the queue is full'))
    await settled()
    const { result } = renderHook(() => usePairs())
    expect(pairOf(result.current, 'msg_left')).toBeUndefined()
    expect(asker.problemOf('c')).toBe('The queue is full.')
  })
})

test('to go on, the answer is named and nothing is said', () => {
  const { asker, asked, client } = setup()
  const goOn = aMessage({ id: 'msg_a', parent_id: 'msg_q', role: 'assistant', text: 'half', status: 'partial' })
  void asker.ask(client, 'c', { parent: 'msg_q', goOn })
  expect(at(asked, 0).request).toEqual({ conversation_id: 'c', parent_id: 'msg_a', continue: true, messages: [] })
})

test('a temporary chat is asked for at its beginning only', () => {
  const { asker, asked, client } = setup()
  void asker.ask(client, '', { parent: '', text: 'x', temporary: true })
  void asker.ask(client, 'c', { parent: 'msg_0', text: 'x', temporary: true })
  expect(asked.map((a) => a.request.temporary)).toEqual([true, undefined])
})

test('a message that was refused goes back into the field', async () => {
  const { asker, asked, client } = setup()
  const asking = asker.ask(client, 'c', { parent: 'msg_0', text: 'words' })
  at(asked, 0).refuse(new ApiError(400, 'invalid_request', 'no'))
  await asking
  expect(readDraft('c')).toBe('words')
  expect(asker.pendingOf('c')).toBeUndefined()
})
