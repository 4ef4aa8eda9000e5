import { describe, expect, test, vi } from 'vitest'
import { ApiError } from '@/api/client'
import type { TurnHandlers } from '@/api/stream'
import type { TurnEvent } from '@/api/types'
import { aDone, aStart } from '@/test/samples'
import { step, Turns, type Turn } from './turns'

const start: TurnEvent = { start: aStart({ message_id: 'msg_a', conversation_id: 'cnv_a' }) }
const done: TurnEvent = { done: aDone() }

/** Turns whose network is played by hand. */
function setup() {
  let handlers: TurnHandlers | undefined
  let end: (err?: Error) => void = () => {}
  const open = (h: TurnHandlers) => {
    handlers = h
    return new Promise<void>((resolve, reject) => {
      end = (err) => (err ? reject(err) : resolve())
    })
  }
  const cancel = vi.fn(() => Promise.resolve())
  const turns = new Turns({ ask: (_r, h) => open(h), attach: (_id, h) => open(h), cancel }, 0)
  return {
    turns,
    cancel,
    tell: (event: TurnEvent, text = '') => handlers?.event(event, text),
    link: (up: boolean) => handlers?.connected?.(up),
    end: (err?: Error) => end(err),
  }
}

describe('Turns', () => {
  test('moves from the ticket to the message', async () => {
    const { turns, tell, end } = setup()
    const started = vi.fn()
    const ended = vi.fn()
    const asking = turns.ask('t', { messages: [] }, { started, ended })
    expect(turns.running).toEqual(['t'])
    tell(start)
    expect(turns.get('t')).toBeUndefined()
    expect(turns.running).toEqual(['msg_a'])
    tell({ delta: 'Hel' }, 'Hel')
    expect(turns.get('msg_a')).toMatchObject({ phase: 'streaming', text: 'Hel' })
    tell(done, 'Hello')
    end()
    await asking
    expect(started).toHaveBeenCalledOnce()
    expect(ended.mock.calls[0]?.[0]).toMatchObject({ phase: 'done', text: 'Hello' })
    expect(turns.running).toEqual([])
  })

  test('a stop before the start cancels at the start', async () => {
    const { turns, tell, end, cancel } = setup()
    const asking = turns.ask('t', { messages: [] }, { started: () => {}, ended: () => {} })
    await turns.cancel('t')
    expect(cancel).not.toHaveBeenCalled()
    tell(start)
    expect(cancel).toHaveBeenCalledExactlyOnceWith('msg_a')
    expect(turns.get('msg_a')?.stopping).toBe(true)
    end()
    await asking
  })

  test('a stop without a connection takes the request back', async () => {
    const aborted = new Promise<AbortSignal>((resolve) => {
      const turns = new Turns(
        {
          ask: (_r, h, { signal }) =>
            new Promise((_, reject) => {
              signal.addEventListener('abort', () => {
                resolve(signal)
                reject(signal.reason as Error)
              })
              queueMicrotask(() => {
                h.connected?.(false)
                void turns.cancel('t')
              })
            }),
          attach: () => Promise.resolve(),
          cancel: () => Promise.resolve(),
        },
        0,
      )
      turns.ask('t', { messages: [] }, { started: () => {}, ended: () => {} }).catch(() => {})
    })
    expect((await aborted).reason).toMatchObject({ code: 'offline' })
  })

  test('a refusal leaves nothing behind', async () => {
    const { turns, end } = setup()
    const ended = vi.fn()
    const asking = turns.ask('t', { messages: [] }, { started: () => {}, ended })
    end(new ApiError(503, 'busy', 'full'))
    await expect(asking).rejects.toMatchObject({ code: 'busy' })
    expect(turns.running).toEqual([])
    expect(ended).not.toHaveBeenCalled()
  })

  test('a connection that is lost for good ends the turn, with its text', async () => {
    const { turns, tell, end } = setup()
    const ended = vi.fn()
    const asking = turns.ask('t', { messages: [] }, { started: () => {}, ended })
    tell(start)
    tell({ delta: 'Hel' }, 'Hel')
    end(new ApiError(0, 'offline', ''))
    await asking
    expect(ended.mock.calls[0]?.[0]).toMatchObject({ phase: 'failed', text: 'Hel', up: false })
  })

  test('an answer is followed once', async () => {
    const { turns, tell, end } = setup()
    const first = turns.attach('msg_a')
    expect(await turns.attach('msg_a')).toBe(false)
    tell(done, 'all')
    end()
    expect(await first).toBe(true)
  })

  test('tells that the connection is away', () => {
    const { turns, tell, link } = setup()
    void turns.attach('msg_a')
    tell({ delta: 'a' }, 'a')
    link(false)
    expect(turns.get('msg_a')).toMatchObject({ up: false, text: 'a' })
    link(true)
    expect(turns.get('msg_a')?.up).toBe(true)
  })

  test('clear forgets everything and hears nothing more', () => {
    const { turns, tell } = setup()
    void turns.attach('msg_a')
    turns.clear()
    tell({ delta: 'a' }, 'a')
    expect(turns.get('msg_a')).toBeUndefined()
    expect(turns.running).toEqual([])
  })
})

describe('step', () => {
  const turn: Turn = { phase: 'streaming', text: 'Hello', queue: 0, up: true, stopping: false }
  test('the text does not shrink while the turn is told again', () => expect(step(turn, { delta: 'He' }, 'He').text).toBe('Hello'))
  test('the end has the last word', () => expect(step(turn, done, 'Hi').text).toBe('Hi'))
  test('the queue has a place', () => expect(step({ ...turn, text: '' }, { queue: { position: 2 } }, '')).toMatchObject({ phase: 'waiting', queue: 2 }))
  test('an error is a failure', () => expect(step(turn, { error: { code: 'internal', message: 'x' } }, 'He')).toMatchObject({ phase: 'failed', fault: { code: 'internal' } }))
})
