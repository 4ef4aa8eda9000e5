// Folders, shares, prompts, feedback, export and import: what the mock knows beside the chat itself.
import { newId } from './state.mjs'

const folderOf = (ctx) => (f) => ({
  id: f.id,
  name: f.name,
  created_at: f.created_at,
  conversations: ctx.conversations().filter((c) => c.folder_id === f.id && c.status === 'active').length,
})
const own = (ctx, map) => [...map.values()].filter((x) => x.user === ctx.user.id)
const conversation = (ctx) => ctx.conversations().find((c) => c.id === ctx.params.id)

function branch(ctx, c, leaf = c.leaf_id) {
  const path = []
  for (let m = ctx.state.messages.get(leaf); m; m = ctx.state.messages.get(m.parent_id)) path.unshift(m)
  return path
}

function fork(ctx) {
  const { state, body } = ctx
  const c = conversation(ctx)
  if (!c) return ctx.fail(404, 'not_found', 'no such conversation')
  const copy = state.addConversation(ctx.user, body.title || c.title, { folder_id: c.folder_id })
  let parent = ''
  for (const m of branch(ctx, c, body.message_id)) parent = state.addMessage(copy, parent, m.role, m.text, { model: m.model, tokens: m.tokens, latency_ms: m.latency_ms }).id
  return ctx.json(201, ctx.publicConversation(copy))
}

function exported(ctx) {
  const c = conversation(ctx)
  if (!c) return ctx.fail(404, 'not_found', 'no such conversation')
  const md = ctx.query.get('format') === 'md'
  const text = md
    ? `# ${c.title}\n\n${branch(ctx, c).map((m) => `**${m.role === 'user' ? 'You' : 'Parley'}**\n\n${m.text}`).join('\n\n')}\n`
    : JSON.stringify({ ...ctx.publicConversation(c), messages: ctx.state.messagesOf(c.id) })
  ctx.res.writeHead(200, { 'Content-Type': md ? 'text/markdown; charset=utf-8' : 'application/json', 'Content-Disposition': `attachment; filename="chat.${md ? 'md' : 'json'}"` })
  return ctx.res.end(text)
}

function imported(ctx) {
  const skipped = []
  let n = 0
  ctx.body.conversations.forEach((entry, index) => {
    const nodes = Object.values(entry.mapping ?? {}).map((x) => x.message).filter(Boolean)
    const messages = entry.messages ?? nodes.map((m) => ({ role: m.author?.role, text: (m.content?.parts ?? []).join('\n') })).filter((m) => m.text)
    if (messages.length === 0) return skipped.push({ index, title: entry.title ?? '', reason: 'no messages' })
    const c = ctx.state.addConversation(ctx.user, entry.title ?? '')
    let parent = ''
    for (const m of messages) parent = ctx.state.addMessage(c, parent, m.role, m.text).id
    return n++
  })
  ctx.json(200, { imported: n, skipped })
}

const mail = /[\w.+-]+@[\w-]+\.[\w.]+/g

function preview(ctx, c) {
  let count = 0
  const redact = (text) => text.replace(mail, () => (count++, '[email]'))
  const messages = branch(ctx, c, ctx.body.leaf_id).map(({ role, text, model, created_at }) => ({ role, text: ctx.body.redact ? redact(text) : text, model, created_at }))
  return { title: c.title, messages, redactions: count ? [{ kind: 'email', count }] : [] }
}

function share(ctx) {
  const c = conversation(ctx)
  if (!c) return ctx.fail(404, 'not_found', 'no such conversation')
  if (ctx.body.audience === 'link' && !ctx.state.faults.links) return ctx.fail(403, 'forbidden', 'public links are switched off: an administrator can set sharing.public_links')
  const shown = preview(ctx, c)
  const made = {
    id: newId('shr'),
    token: newId('tok'),
    user: ctx.user.id,
    name: ctx.user.name,
    tenant: ctx.user.tenant.name,
    conversation_id: c.id,
    title: c.title,
    audience: ctx.body.audience,
    redacted: shown.redactions.reduce((n, r) => n + r.count, 0),
    messages: shown.messages.length,
    created_at: new Date().toISOString(),
    expires_at: new Date(Date.now() + ctx.body.expires_in_days * 86_400_000).toISOString(),
    frozen: shown.messages,
  }
  ctx.state.shares.set(made.id, made)
  return ctx.json(201, { ...publicShare(made), url_path: `/share/${made.token}` })
}

const publicShare = ({ token: _t, user: _u, name: _n, tenant: _e, frozen: _f, ...s }) => s

function shared(ctx) {
  const s = [...ctx.state.shares.values()].find((x) => x.token === ctx.params.id)
  if (!s || (s.audience === 'tenant' && !ctx.user)) return ctx.fail(404, 'not_found', 'this share does not exist, has expired or was revoked')
  return ctx.json(200, { title: s.title, tenant: s.tenant, shared_by: s.name, created_at: s.created_at, expires_at: s.expires_at, messages: s.frozen })
}

const variables = (text) => [...new Map([...text.matchAll(/{{\s*([\w-]+)\s*(?:\|([^}]*))?}}/g)].map((m) => [m[1], { name: m[1], default: m[2] ?? '' }])).values()]
const publicPrompt = (ctx) => ({ user, ...p }) => ({ ...p, mine: user === ctx.user.id, owner_name: ctx.user.name, variables: variables(p.text) })

function savePrompt(ctx, status, before) {
  const p = { shared: false, ...before, ...ctx.body, updated_at: new Date().toISOString() }
  if (!/^[a-z0-9-]{1,40}$/.test(p.command)) return ctx.fail(400, 'invalid_request', 'command must be 1 to 40 of a-z, 0-9 and -', {}, 'command')
  if (own(ctx, ctx.state.prompts).some((x) => x.command === p.command && x.id !== p.id)) return ctx.fail(409, 'conflict', `you have a prompt /${p.command} already`, {}, 'command')
  ctx.state.prompts.set(p.id, p)
  return ctx.json(status, publicPrompt(ctx)(p))
}

function rate(ctx, feedback) {
  const m = ctx.state.messages.get(ctx.params.id)
  if (!m) return ctx.fail(404, 'not_found', 'no such message')
  m.feedback = feedback && { reason: '', comment: '', ...feedback, created_at: new Date().toISOString() }
  return ctx.json(200, m)
}

function usage(ctx) {
  const rows = Array.from({ length: 30 }, (_, i) => {
    const key = new Date(Date.now() - (29 - i) * 86_400_000).toISOString().slice(0, 10)
    const requests = i % 7 > 4 ? 0 : (i * 7) % 19
    return { key, label: key, requests, input_tokens: requests * 420, output_tokens: requests * 260 }
  })
  const sum = (k) => rows.reduce((n, r) => n + r[k], 0)
  ctx.json(200, { from: rows[0].key, to: rows[29].key, by: 'day', rows, total: { requests: sum('requests'), input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens') } })
}

const gone = (map) => (ctx) => {
  ctx.state[map].delete(ctx.params.id)
  ctx.json(204)
}

/** method + path -> [needs a session, handler]. */
export const libraryRoutes = {
  'GET /v1/folders': [true, (ctx) => ctx.json(200, { data: own(ctx, ctx.state.folders).map(folderOf(ctx)) })],
  'POST /v1/folders': [
    true,
    (ctx) => {
      const f = { id: newId('fold'), name: ctx.body.name, created_at: new Date().toISOString(), user: ctx.user.id }
      ctx.state.folders.set(f.id, f)
      ctx.json(201, folderOf(ctx)(f))
    },
  ],
  'PATCH /v1/folders/:id': [
    true,
    (ctx) => {
      const f = ctx.state.folders.get(ctx.params.id)
      if (!f) return ctx.fail(404, 'not_found', 'no such folder')
      f.name = ctx.body.name
      return ctx.json(200, folderOf(ctx)(f))
    },
  ],
  'DELETE /v1/folders/:id': [
    true,
    (ctx) => {
      for (const c of ctx.conversations()) if (c.folder_id === ctx.params.id) c.folder_id = ''
      ctx.state.folders.delete(ctx.params.id)
      ctx.json(204)
    },
  ],
  'POST /v1/conversations/:id/fork': [true, fork],
  'GET /v1/conversations/:id/export': [true, exported],
  'POST /v1/conversations/import': [true, imported],
  'POST /v1/conversations/:id/shares': [true, share],
  'POST /v1/conversations/:id/shares/preview': [true, (ctx) => ctx.json(200, preview(ctx, conversation(ctx)))],
  'GET /v1/shares': [true, (ctx) => ctx.json(200, { data: own(ctx, ctx.state.shares).map(publicShare), public_links: ctx.state.faults.links })],
  'DELETE /v1/shares/:id': [true, gone('shares')],
  'GET /v1/shared/:id': [false, shared],
  'GET /v1/prompts': [true, (ctx) => ctx.json(200, { data: [...ctx.state.prompts.values()].filter((p) => p.shared || p.user === ctx.user.id).map(publicPrompt(ctx)) })],
  'POST /v1/prompts': [true, (ctx) => savePrompt(ctx, 201, { id: newId('prm'), user: ctx.user.id })],
  'PATCH /v1/prompts/:id': [true, (ctx) => savePrompt(ctx, 200, ctx.state.prompts.get(ctx.params.id))],
  'DELETE /v1/prompts/:id': [true, gone('prompts')],
  'PATCH /v1/messages/:id': [
    true,
    (ctx) => {
      const m = ctx.state.messages.get(ctx.params.id)
      Object.assign(m, { text: ctx.body.text, edited_at: new Date().toISOString() })
      ctx.json(200, m)
    },
  ],
  'PUT /v1/messages/:id/feedback': [true, (ctx) => rate(ctx, ctx.body)],
  'DELETE /v1/messages/:id/feedback': [true, (ctx) => rate(ctx, null)],
  'GET /v1/usage': [true, usage],
}
