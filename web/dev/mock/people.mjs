// Users, invitations, groups and keys of a tenant, for its administrators.
import { begin } from './accounts.mjs'
import { newId } from './state.mjs'

const day = 86_400_000
const publicUser = ({ password, tenant: _tenant, ...u }) => ({ ...u, has_password: password !== '' })
const roles = ['viewer', 'member', 'admin', 'owner']

const one = (handler) => (ctx) => {
  const user = ctx.state.usersOf(ctx.user.tenant).find((u) => u.id === ctx.params.id)
  if (!user) return ctx.fail(404, 'not_found', `there is no user ${ctx.params.id}`)
  if (user.role === 'owner' && ctx.user.role !== 'owner' && ctx.req.method !== 'GET') return ctx.fail(403, 'forbidden', 'only an owner may do this to an owner')
  return handler(ctx, user)
}

const sortedBy = {
  created: (u) => u.id,
  name: (u) => u.name.toLowerCase(),
  email: (u) => u.email.toLowerCase(),
  role: (u) => String(roles.indexOf(u.role)),
  login: (u) => u.last_login_at ?? '',
}

function inOrder(sort) {
  const value = sortedBy[sort.replace(/^-/, '')]
  const way = sort.startsWith('-') ? -1 : 1
  return (a, b) => way * (value(a) < value(b) ? -1 : Number(value(a) > value(b)))
}

function users(ctx) {
  const { query, state, user } = ctx
  const q = (query.get('q') ?? '').toLowerCase()
  const status = query.get('status')
  const limit = Number(query.get('limit') ?? 50)
  const from = Number(query.get('cursor') || 0)
  const all = state
    .usersOf(user.tenant)
    .filter((u) => `${u.name} ${u.email}`.toLowerCase().includes(q))
    .filter((u) => !query.get('role') || u.role === query.get('role'))
    .filter((u) => !query.get('group') || u.groups.includes(query.get('group')))
    .filter((u) => !status || u.disabled === (status === 'disabled'))
    .sort(inOrder(query.get('sort') ?? 'created'))
  ctx.json(200, { data: all.slice(from, from + limit).map(publicUser), next_cursor: from + limit < all.length ? String(from + limit) : '', total: all.length })
}

function createUser(ctx) {
  const { body, state, user } = ctx
  if (!body.name?.trim()) return ctx.fail(400, 'invalid_request', 'name must not be empty', {}, 'name')
  if (!/^\S+@\S+\.\S+$/.test(body.email ?? '')) return ctx.fail(400, 'invalid_request', 'email is not an address', {}, 'email')
  if (state.users.has(`${user.tenant.slug}/${body.email.toLowerCase()}`)) return ctx.fail(409, 'email_taken', `there is already a user with the address ${body.email}`, {}, 'email')
  return ctx.json(201, publicUser(state.addUser({ role: 'member', ...body, tenant: user.tenant })))
}

function change(ctx, u) {
  const { body, state, user } = ctx
  if (u === user && body.disabled) return ctx.fail(403, 'forbidden', 'nobody disables itself', {}, 'disabled')
  if (body.role && u.role === 'owner' && body.role !== 'owner' && state.usersOf(u.tenant).filter((o) => o.role === 'owner').length === 1)
    return ctx.fail(409, 'last_owner', `${u.email} is the last owner of this tenant; make another user an owner first`)
  for (const key of ['name', 'role', 'groups', 'disabled', 'password']) if (body[key] !== undefined) u[key] = body[key]
  if (body.disabled || body.password) endSessions(state, u)
  return ctx.json(200, publicUser(u))
}

function endSessions(state, u) {
  for (const [id, s] of state.sessions) if (s.user === u) state.sessions.delete(id)
}

function removeUser(ctx, u) {
  const { state } = ctx
  if (u === ctx.user) return ctx.fail(403, 'forbidden', 'your own account is deleted in your own settings, with your password')
  endSessions(state, u)
  for (const [key, other] of state.users) if (other === u) state.users.delete(key)
  return ctx.json(204)
}

const sessions = (ctx, u) =>
  ctx.json(200, { data: [...ctx.state.sessions.values()].filter((s) => s.user === u).map(({ user: _user, ...s }) => ({ ...s, current: s.id === ctx.session.id })) })

// --- invitations

const stateOf = (i) => (i.accepted_at ? 'accepted' : Date.parse(i.expires_at) < Date.now() ? 'expired' : 'pending')
const publicInvitation = ({ token: _token, tenant: _tenant, ...i }) => ({ ...i, state: stateOf(i) })
const pending = (state, token) => [...state.invitations.values()].find((i) => i.token === token && stateOf(i) === 'pending')

function invite(ctx) {
  const { body, state, user } = ctx
  if (!/^\S+@\S+\.\S+$/.test(body.email ?? '')) return ctx.fail(400, 'invalid_request', 'email is not an address', {}, 'email')
  if (state.users.has(`${user.tenant.slug}/${body.email.toLowerCase()}`)) return ctx.fail(409, 'email_taken', `there is already a user with the address ${body.email}`, {}, 'email')
  if (roles.indexOf(body.role) > roles.indexOf(user.role)) return ctx.fail(403, 'forbidden', 'nobody invites above the own role', {}, 'role')
  const i = {
    id: newId('inv'),
    email: body.email,
    name: body.name ?? '',
    role: body.role ?? 'member',
    groups: body.groups ?? [],
    created_at: new Date().toISOString(),
    expires_at: new Date(Date.now() + (body.expires_in_days ?? 7) * day).toISOString(),
    invited_by: user.name,
    token: newId('tok').replaceAll('_', ''),
    tenant: user.tenant,
  }
  state.invitations.set(i.id, i)
  return ctx.json(201, { ...publicInvitation(i), link_path: `/join?token=${i.token}` })
}

const gone = (ctx) => ctx.fail(404, 'not_found', 'this invitation is not valid')

function accept(ctx) {
  const { body, state } = ctx
  const i = pending(state, body.token)
  if (!i) return gone(ctx)
  if ((body.password ?? '').length < 10) return ctx.fail(400, 'invalid_request', 'the password is too short', {}, 'password')
  i.accepted_at = new Date().toISOString()
  return begin(ctx, state.addUser({ email: i.email, name: body.name, password: body.password, role: i.role, groups: i.groups, tenant: i.tenant }), 201)
}

/** Open to who has the link. */
export const publicRoutes = {
  'GET /v1/invitations': [
    false,
    (ctx) => {
      const i = pending(ctx.state, ctx.query.get('token'))
      return i ? ctx.json(200, { email: i.email, tenant: i.tenant.name, role: i.role, expires_at: i.expires_at }) : gone(ctx)
    },
  ],
  'POST /v1/invitations/accept': [false, accept],
}

// --- groups

function groups(ctx) {
  const all = new Map([...ctx.state.groups].map(([name, g]) => [name, { name, ...g, members: 0 }]))
  for (const u of ctx.state.usersOf(ctx.user.tenant))
    for (const name of u.groups) {
      if (!all.has(name)) all.set(name, { name, description: '', members: 0 })
      all.get(name).members++
    }
  return [...all.values()].sort((a, b) => a.name.localeCompare(b.name))
}

const oneGroup = (handler) => (ctx) => {
  const g = groups(ctx).find((x) => x.name === ctx.params.name)
  return g ? handler(ctx, g) : ctx.fail(404, 'not_found', `there is no group ${ctx.params.name}`)
}

function createGroup(ctx) {
  const { name, description = '' } = ctx.body
  if (!name?.trim()) return ctx.fail(400, 'invalid_request', 'name must not be empty', {}, 'name')
  if (ctx.state.groups.has(name)) return ctx.fail(409, 'group_taken', `there is already a group ${name}`, {}, 'name')
  ctx.state.groups.set(name, { description, created_at: new Date().toISOString() })
  return ctx.json(201, groups(ctx).find((g) => g.name === name))
}

function changeGroup(ctx, g) {
  const { name = g.name, description = g.description } = ctx.body
  if (name !== g.name && groups(ctx).some((o) => o.name === name)) return ctx.fail(409, 'conflict', `there is already a group ${name}`, {}, 'name')
  ctx.state.groups.delete(g.name)
  ctx.state.groups.set(name, { description, created_at: g.created_at ?? new Date().toISOString() })
  for (const u of ctx.state.usersOf(ctx.user.tenant)) u.groups = u.groups.map((n) => (n === g.name ? name : n))
  return ctx.json(200, groups(ctx).find((o) => o.name === name))
}

function removeGroup(ctx, g) {
  ctx.state.groups.delete(g.name)
  for (const u of ctx.state.usersOf(ctx.user.tenant)) u.groups = u.groups.filter((n) => n !== g.name)
  return ctx.json(204)
}

function members(ctx, g) {
  const { add = [], remove = [] } = ctx.body
  for (const u of ctx.state.usersOf(ctx.user.tenant)) {
    if (add.includes(u.id) && !u.groups.includes(g.name)) u.groups = [...u.groups, g.name]
    if (remove.includes(u.id)) u.groups = u.groups.filter((n) => n !== g.name)
  }
  return ctx.json(200, groups(ctx).find((o) => o.name === g.name) ?? { ...g, members: 0 })
}

/** method + path -> handler, for administrators. */
export const peopleRoutes = {
  'GET /v1/admin/users': users,
  'POST /v1/admin/users': createUser,
  'GET /v1/admin/users/:id': one((ctx, u) => ctx.json(200, publicUser(u))),
  'PATCH /v1/admin/users/:id': one(change),
  'DELETE /v1/admin/users/:id': one(removeUser),
  'GET /v1/admin/users/:id/sessions': one(sessions),
  'DELETE /v1/admin/users/:id/sessions': one((ctx, u) => {
    endSessions(ctx.state, u)
    ctx.json(204)
  }),
  'GET /v1/admin/invitations': (ctx) => ctx.json(200, { data: [...ctx.state.invitations.values()].filter((i) => i.tenant === ctx.user.tenant).map(publicInvitation) }),
  'POST /v1/admin/invitations': invite,
  'DELETE /v1/admin/invitations/:id': (ctx) => {
    ctx.state.invitations.delete(ctx.params.id)
    ctx.json(204)
  },
  'GET /v1/admin/groups': (ctx) => ctx.json(200, { data: groups(ctx) }),
  'POST /v1/admin/groups': createGroup,
  'PATCH /v1/admin/groups/:name': oneGroup(changeGroup),
  'DELETE /v1/admin/groups/:name': oneGroup(removeGroup),
  'PUT /v1/admin/groups/:name/members': oneGroup(members),
  'GET /v1/admin/keys': (ctx) => {
    const ids = ctx.state.usersOf(ctx.user.tenant).map((u) => u.id)
    ctx.json(200, { data: [...ctx.state.keys.values()].filter((k) => ids.includes(k.user)).map(({ user, ...k }) => ({ ...k, user_id: user, user_name: ctx.state.usersOf(ctx.user.tenant).find((u) => u.id === user)?.name })) })
  },
  'DELETE /v1/admin/keys/:id': (ctx) => {
    ctx.state.keys.delete(ctx.params.id)
    ctx.json(204)
  },
}
