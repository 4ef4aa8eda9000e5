// @vitest-environment node
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { startMock } from '../../dev/mock/server.mjs'
import { aDone, aStart } from '../test/samples'
import { ApiError } from './client'
import { AnswerText, ask, attach, SSEParser, type FollowOptions, type SSEEvent } from './stream'
import type { TurnEvent } from './types'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('SSEParser', () => {
  const transcript = bytes(
    '\uFEFFid: msg_a.1.0\r\ndata: {"start":{}}\r\n\r\n: ping\n\nid: msg_a.2.8\ndata: {"delta":"Größe 日本 🙂"}\n\n' +
      'data: one\ndata: two\nevent: x\nretry: 5\n\nid\rdata:bare\r\rdata: never ended',
  )
  const want: SSEEvent[] = [
    { id: 'msg_a.1.0', data: '{"start":{}}' },
    { id: 'msg_a.2.8', data: '{"delta":"Größe 日本 🙂"}' },
    { id: undefined, data: 'one\ntwo' },
    { id: '', data: 'bare' },
  ]

  test('reads the same wherever the bytes are cut in two', () => {
    for (let cut = 0; cut <= transcript.length; cut++) {
      const parser = new SSEParser()
      expect([...parser.feed(transcript.subarray(0, cut)), ...parser.feed(transcript.subarray(cut))], `cut at ${cut}`).toEqual(want)
    }
  })

  test('reads byte by byte', () => {
    const parser = new SSEParser()
    expect([...transcript].flatMap((b) => parser.feed(Uint8Array.of(b)))).toEqual(want)
  })
})

describe('AnswerText', () => {
  const fill = (...deltas: [string, string | undefined][]) => {
    const answer = new AnswerText()
    return { told: deltas.map(([delta, id]) => answer.add(delta, id)), text: answer.text }
  }

  test('counts offsets in bytes', () => {
    expect(fill(['Grö', 'm.1.4'], ['ße 🙂', 'm.2.12'], ['!', 'm.3.13'])).toEqual({ told: [true, true, true], text: 'Größe 🙂!' })
  })
  test('drops what it has', () => {
    expect(fill(['Grö', 'm.1.4'], ['Grö', 'm.1.4'], ['ße', 'm.2.7']).text).toBe('Größe')
  })
  test('takes the new end of a delta that overlaps', () => {
    expect(fill(['Grö', 'm.1.4'], ['Größe', 'm.9.7']).text).toBe('Größe')
  })
  test('refuses a delta behind a gap', () => {
    expect(fill(['Grö', 'm.1.4'], ['e', 'm.3.7'])).toEqual({ told: [true, false], text: 'Grö' })
  })
  test('notices a gap at the end, where no text comes any more', () => {
    expect(fill(['Grö', 'm.1.4'], ['', 'm.5.7']).told).toEqual([true, false])
  })
  test('appends what has no id', () => {
    expect(fill(['a', undefined], ['b', undefined]).text).toBe('ab')
  })
})

type Step = (req: IncomingMessage, res: ServerResponse) => void

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** Answers one request after the other as the steps say; the last step answers the rest. */
async function scripted(...steps: Step[]) {
  const requests: IncomingMessage[] = []
  server = createServer((req, res) => {
    requests.push(req)
    steps[Math.min(requests.length, steps.length) - 1]?.(req, res)
  })
  const listening = server
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return { base: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, requests }
}

const told = (events: { id?: string; event: TurnEvent }[]) =>
  events.map(({ id, event }) => `${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(event)}\n\n`).join('')

const start = { id: 'msg_a.1.0', event: { start: aStart({ message_id: 'msg_a', conversation_id: 'cnv_a' }) } }
const one = { id: 'msg_a.2.4', event: { delta: 'Grö' } }
const two = { id: 'msg_a.3.7', event: { delta: 'ße' } }
const done = { id: 'msg_a.4.7', event: { done: aDone() } }

const stream = (text: string, then: 'end' | 'break' | 'hang'): Step => (_req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' })
  res.write(text, () => {
    if (then === 'end') res.end()
    if (then === 'break') setTimeout(() => res.destroy(), 5)
  })
}

/** Runs a follower to its end and tells what it told. */
async function follow(base: string, run: typeof ask | typeof attach, options: Partial<FollowOptions> = {}) {
  const seen: string[] = []
  const texts: string[] = []
  const links: boolean[] = []
  const handlers = {
    event: (event: TurnEvent, text: string) => {
      seen.push(Object.keys(event)[0] ?? '')
      texts.push(text)
    },
    connected: (up: boolean) => void links.push(up),
  }
  const fetchHere = ((path: string, init: RequestInit) => fetch(base + path, init)) as typeof fetch
  const all = { signal: new AbortController().signal, backoff: () => 1, attempts: 3, fetch: fetchHere, ...options }
  const ending = run === ask ? ask({ messages: [{ role: 'user', content: 'hi' }] }, handlers, all) : attach('msg_a', handlers, all)
  const error: unknown = await ending.then(
    () => undefined,
    (err: unknown) => err,
  )
  return { seen, texts, links, error, text: texts.at(-1) }
}

describe('ask', () => {
  test('follows a turn to its end', async () => {
    const { base, requests } = await scripted(stream(told([start, one, two, done]), 'end'))
    const { seen, text, links, error } = await follow(base, ask)
    expect({ seen, text, links, error }).toEqual({ seen: ['start', 'delta', 'delta', 'done'], text: 'Größe', links: [], error: undefined })
    expect(requests[0]?.headers['idempotency-key']).toMatch(/[0-9a-f-]{36}/)
  })

  test('goes on after a break in the middle of an event', async () => {
    const { base, requests } = await scripted(
      stream(`${told([start, one])}id: msg_a.3.7\ndata: {"del`, 'break'),
      stream(told([two, done]), 'end'),
    )
    const { seen, text, links } = await follow(base, ask)
    expect({ seen, text, links }).toEqual({ seen: ['start', 'delta', 'delta', 'done'], text: 'Größe', links: [false, true] })
    expect(requests[1]?.url).toBe('/v1/messages/msg_a/events?after=msg_a.2.4')
    expect(requests[1]?.headers['last-event-id']).toBe('msg_a.2.4')
  })

  test('doubles nothing when the turn is told again from its beginning', async () => {
    const { base } = await scripted(stream(told([start, one]), 'end'), stream(told([start, one, two, done]), 'end'))
    expect((await follow(base, ask)).text).toBe('Größe')
  })

  test('doubles nothing when the rest comes in one piece, as from a finished message', async () => {
    const { base } = await scripted(stream(told([start, one]), 'end'), stream(told([{ id: 'msg_a.1.7', event: { delta: 'Größe' } }, done]), 'end'))
    expect((await follow(base, ask)).text).toBe('Größe')
  })

  test('asks for the whole turn when a piece is missing', async () => {
    const { base, requests } = await scripted(stream(told([start, two, done]), 'end'), stream(told([start, one, two, done]), 'end'))
    expect((await follow(base, ask)).text).toBe('Größe')
    expect(requests[1]?.url).toBe('/v1/messages/msg_a/events?after=msg_a')
    expect(requests[1]?.headers['last-event-id']).toBeUndefined()
  })

  test('comes to an end with offsets that are wrong for good', async () => {
    const wrong = stream(told([start, { id: 'msg_a.2.99', event: { delta: 'a' } }, { id: 'msg_a.3.999', event: { delta: 'b' } }, done]), 'end')
    const { base } = await scripted(wrong)
    const { text, error } = await follow(base, ask)
    expect({ text, error }).toEqual({ text: 'ab', error: undefined })
  })

  test('repeats a request that broke before the start, under the same key', async () => {
    const { base, requests } = await scripted((_req, res) => res.destroy(), stream(told([start, one, two, done]), 'end'))
    expect((await follow(base, ask)).text).toBe('Größe')
    expect(requests.map((r) => r.method)).toEqual(['POST', 'POST'])
    expect(requests[0]?.headers['idempotency-key']).toBe(requests[1]?.headers['idempotency-key'])
  })

  test('does not repeat a request that is refused', async () => {
    const { base, requests } = await scripted((_req, res) => {
      res.writeHead(503, { 'Retry-After': '7', 'Content-Type': 'application/json' })
      res.end(JSON.stringify({ error: { code: 'busy', message: 'the queue is full', request_id: 'req_1' } }))
    })
    const { error } = await follow(base, ask)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 503, code: 'busy', retryAfter: 7, extra: { requestId: 'req_1' } })
    expect(requests).toHaveLength(1)
  })

  test('waits for a server that starts again', async () => {
    const { base } = await scripted(
      stream(told([start, one]), 'end'),
      (_req, res) => res.writeHead(503).end(),
      (_req, res) => res.destroy(),
      stream(told([two, done]), 'end'),
    )
    expect((await follow(base, ask)).text).toBe('Größe')
  })

  test('takes silence for a lost connection', async () => {
    const { base } = await scripted(stream(told([start, one]), 'hang'), stream(told([two, done]), 'end'))
    expect((await follow(base, ask, { silence: 60 })).text).toBe('Größe')
  })

  test('gives up in the end', async () => {
    const { base, requests } = await scripted(stream(told([start, one]), 'end'), (_req, res) => res.destroy())
    expect((await follow(base, ask)).error).toMatchObject({ code: 'offline' })
    expect(requests).toHaveLength(5)
  })

  test('stops when it is told to', async () => {
    const stop = new AbortController()
    const { base, requests } = await scripted((req, res) => {
      stream(told([start, one]), 'hang')(req, res)
      setTimeout(() => stop.abort(), 20)
    })
    expect((await follow(base, ask, { signal: stop.signal })).error).toBeDefined()
    expect(requests).toHaveLength(1)
  })
})

describe('attach', () => {
  test('tells a turn from its beginning', async () => {
    const { base, requests } = await scripted(stream(told([start, one, two, done]), 'end'))
    expect((await follow(base, attach)).text).toBe('Größe')
    expect(requests[0]?.url).toBe('/v1/messages/msg_a/events?after=msg_a')
  })

  test('says when there is no such turn', async () => {
    const { base } = await scripted((_req, res) => res.writeHead(404).end('{"error":{"code":"not_found","message":"no"}}'))
    expect((await follow(base, attach)).error).toMatchObject({ status: 404 })
  })
})

test('against the mock: bytes one by one, and a break every few events', async () => {
  const mock = await startMock({ pace: 0 })
  mock.state.faults.splitBytes = true
  mock.state.faults.dropAfter = 20
  const user = mock.state.addUser({ email: 'a@b.c', name: 'A', password: 'p' })
  mock.state.sessions.set('s', { id: 's', user })
  const { text, seen } = await follow(mock.url, ask, {
    fetch: ((path: string, init: RequestInit) =>
      fetch(mock.url + path, { ...init, headers: { ...(init.headers as Record<string, string>), Cookie: 'parley_session=s' } })) as typeof fetch,
  })
  const stored = [...mock.state.messages.values()].at(-1)
  expect(text).toBe(stored?.text)
  expect(seen.filter((name) => name === 'start')).toHaveLength(1)
  expect(seen.at(-1)).toBe('done')
  await mock.close()
})
