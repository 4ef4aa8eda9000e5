import { newId } from './state.mjs'

const model = 'smollm2-135m-instruct'

const gb = 1e9
const models = [
  { id: model, parley: { kind: 'chat', context: 2048, size_bytes: 0.145 * gb, memory_bytes: 0.3 * gb, parameters: '135M', quantisation: 'Q8_0', licence: 'Apache-2.0', location: 'here', price: null, vision: false, default: true, loaded: true, description: 'Tiny and quick: shows that everything works.' } },
  { id: 'qwen2.5-1.5b-instruct', parley: { kind: 'chat', context: 32768, size_bytes: 1.12 * gb, memory_bytes: 1.9 * gb, parameters: '1.5B', quantisation: 'Q4_K_M', licence: 'Apache-2.0', location: 'here', price: null, vision: false, default: false, loaded: false, description: 'A small all-rounder in many languages.' } },
  { id: 'mistral-7b-instruct', parley: { kind: 'chat', context: 32768, size_bytes: 4.37 * gb, memory_bytes: 5.6 * gb, parameters: '7.2B', quantisation: 'Q4_K_M', licence: 'Apache-2.0', location: 'here', price: null, vision: false, default: false, loaded: false, description: 'Writes and reasons well; wants a machine with memory.' } },
]
export const publicConversation = ({ user: _user, ...c }) => c

function list(ctx) {
  const archived = ctx.query.get('archived') === 'true'
  const limit = Number(ctx.query.get('limit') ?? 50)
  const from = Number(ctx.query.get('cursor') ?? 0)
  const folder = ctx.query.get('folder')
  const all = ctx
    .conversations()
    .filter((c) => !c.temporary && (c.status === 'archived') === archived && (!folder || (c.folder_id || 'none') === folder))
    .sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated_at.localeCompare(a.updated_at))
  const next = from + limit < all.length ? String(from + limit) : ''
  ctx.json(200, { data: all.slice(from, from + limit).map(publicConversation), next_cursor: next })
}

function one(handler) {
  return (ctx) => {
    const c = ctx.conversations().find((x) => x.id === ctx.params.id)
    if (!c) return ctx.fail(404, 'not_found', `conversation ${ctx.params.id}`)
    return handler(ctx, c)
  }
}

function change(ctx, c) {
  for (const key of ['title', 'status', 'pinned', 'leaf_id', 'folder_id', 'retention_policy']) {
    if (key in ctx.body) c[key] = ctx.body[key]
  }
  ctx.json(200, publicConversation(c))
}

function search(ctx) {
  const q = (ctx.query.get('q') ?? '').toLowerCase()
  const data = ctx.conversations().filter((c) => !c.temporary).flatMap((c) =>
    ctx.state
      .messagesOf(c.id)
      .filter((m) => m.text.toLowerCase().includes(q))
      .map((m) => {
        const at = Math.max(0, m.text.toLowerCase().indexOf(q) - 40)
        return { conversation_id: c.id, title: c.title, message_id: m.id, role: m.role, snippet: m.text.slice(at, at + 160), created_at: m.created_at }
      }),
  )
  ctx.json(200, { data: data.slice(0, 20), next_cursor: '' })
}

function ask(ctx) {
  const { state, turns, body, user } = ctx
  const key = ctx.req.headers['idempotency-key']
  const known = key && state.answered.get(key)
  if (known) return turns.send(ctx.res, known, undefined, state.faults)
  if (!state.faults.chatReady) return ctx.fail(503, 'unavailable', 'there is no chat model: run "parley model pull smollm2-135m-instruct"')
  let c = body.conversation_id && ctx.conversations().find((x) => x.id === body.conversation_id)
  if (body.conversation_id && !c) return ctx.fail(404, 'not_found', 'no such conversation')
  const text = body.messages.at(-1)?.content
  if (text?.includes('refuse')) return ctx.fail(503, 'busy', 'the queue is full', { 'Retry-After': '3' })
  c ||= state.addConversation(user, '', { temporary: Boolean(body.temporary) })
  const before = body.continue && state.messages.get(body.parent_id)
  const parent = before ? before.parent_id : (body.parent_id ?? c.leaf_id)
  const question = text === undefined ? state.messages.get(parent) : state.addMessage(c, parent, 'user', text)
  if (!question) return ctx.fail(400, 'invalid_request', 'parent_id names no message', {}, 'parent_id')
  const chosen = body.model || model
  const answer = state.addMessage(c, question.id, 'assistant', '', { status: 'streaming', model: chosen })
  if (!c.title) c.title = question.text.slice(0, 48)
  const start = {
    conversation_id: c.id,
    ...(text !== undefined && { user_message_id: question.id }),
    message_id: answer.id,
    model: chosen,
    trace_id: newId('trc'),
  }
  const turn = turns.start(answer, question.text, start, before?.text)
  if (key) state.answered.set(key, turn)
  return turns.send(ctx.res, turn, undefined, state.faults)
}

function events(ctx) {
  const turn = ctx.turns.running.get(ctx.params.id)
  if (!turn) return ctx.fail(404, 'not_found', `message ${ctx.params.id}`)
  const after = ctx.req.headers['last-event-id'] ?? ctx.query.get('after') ?? undefined
  return ctx.turns.send(ctx.res, turn, after, ctx.state.faults)
}

/** method + path -> [needs a session, handler]. */
export const chatRoutes = {
  'GET /v1/status': [
    true,
    (ctx) =>
      ctx.json(200, {
        chat: ctx.state.faults.chatReady ? { ready: true, model } : { ready: false, model: '', fix: `parley model pull ${model}` },
        embedding: { ready: true, model: 'all-minilm-l6-v2' },
        version: '0.1.0-mock',
      }),
  ],
  'GET /v1/models': [true, (ctx) => ctx.json(200, { object: 'list', data: ctx.state.faults.chatReady ? models.slice(0, ctx.state.faults.models) : [] })],
  'GET /v1/conversations': [true, list],
  'GET /v1/conversations/search': [true, search],
  'GET /v1/conversations/:id': [true, one((ctx, c) => ctx.json(200, publicConversation(c)))],
  'PATCH /v1/conversations/:id': [true, one(change)],
  'DELETE /v1/conversations/:id': [
    true,
    one((ctx, c) => {
      ctx.state.conversations.delete(c.id)
      ctx.json(204)
    }),
  ],
  'POST /v1/conversations/delete': [
    true,
    (ctx) => {
      const mine = ctx.body.ids.filter((id) => ctx.state.conversations.get(id)?.user === ctx.user.id)
      for (const id of mine) ctx.state.conversations.delete(id)
      ctx.json(200, { deleted: mine.length })
    },
  ],
  'GET /v1/conversations/:id/messages': [true, one((ctx, c) => ctx.json(200, { data: ctx.state.messagesOf(c.id) }))],
  'POST /v1/chat.completions': [true, ask],
  'GET /v1/messages/:id/events': [true, events],
  'POST /v1/messages/:id/cancel': [
    true,
    (ctx) => {
      ctx.turns.stop(ctx.params.id)
      ctx.json(204)
    },
  ],
}
