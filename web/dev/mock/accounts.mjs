import { newId } from './state.mjs'

const me = (u) => ({
  user: { id: u.id, email: u.email, name: u.name, role: u.role, groups: u.groups, created_at: u.created_at },
  tenant: u.tenant,
  operator: u.role === 'owner' && u.tenant.operator,
  via: 'session',
  permissions: ['chat', 'admin'],
})

/** Signs somebody in. */
export function begin(ctx, user, status) {
  const now = new Date().toISOString()
  user.last_login_at = now
  const session = {
    id: newId('ses'),
    created_at: now,
    last_seen_at: now,
    expires_at: new Date(Date.now() + 7 * 86_400_000).toISOString(),
    user_agent: ctx.req.headers['user-agent'] ?? '',
    ip: '127.0.0.1',
    user,
  }
  ctx.state.sessions.set(session.id, session)
  ctx.json(status, me(user), { 'Set-Cookie': `parley_session=${session.id}; Path=/; HttpOnly; SameSite=Lax` })
}

function signIn(ctx) {
  const { state, body } = ctx
  const email = String(body.email ?? '').toLowerCase()
  const tries = state.tries.get(email) ?? { n: 0, until: 0 }
  if (tries.until > Date.now()) {
    ctx.fail(429, 'throttled', 'too many tries', { 'Retry-After': String(Math.ceil((tries.until - Date.now()) / 1000)) })
    return
  }
  const found = state.byEmail(email).filter((u) => u.password === body.password && !u.disabled && !u.tenant.deleted_at && (!body.tenant || u.tenant.slug === body.tenant))
  if (found.length === 0) {
    tries.n++
    if (tries.n >= 5) Object.assign(tries, { n: 0, until: Date.now() + 15_000 })
    state.tries.set(email, tries)
    ctx.fail(401, 'unauthenticated', 'the email or the password is wrong')
    return
  }
  if (found.length > 1) {
    const tenants = found.map((u) => ({ slug: u.tenant.slug, name: u.tenant.name }))
    ctx.json(409, { error: { code: 'choose_tenant', message: 'choose an organisation', type: 'conflict', tenants } })
    return
  }
  begin(ctx, found[0], 200)
}

function setup(ctx) {
  const { state, body } = ctx
  if (state.users.size > 0) return ctx.fail(409, 'conflict', 'Parley is already set up')
  if (body.token !== state.setupToken) return ctx.fail(403, 'forbidden', 'the set-up link is wrong or was used')
  const tenant = { id: 'ten_1', slug: 'main', name: body.tenant_name || 'Main' }
  return begin(ctx, state.addUser({ ...body, tenant }), 201)
}

const publicKey = ({ id, name, prefix, permissions, created_at, expires_at, last_used_at }) => ({ id, name, prefix, permissions, created_at, expires_at, last_used_at })

function createKey(ctx) {
  const { name, permissions = ['chat'], expires_at = null } = ctx.body
  if (!name) return ctx.fail(400, 'invalid_request', 'name is missing', {}, 'name')
  const key = { id: newId('key'), name, prefix: 'parley_mock', permissions, created_at: new Date().toISOString(), expires_at, last_used_at: null, user: ctx.user.id }
  ctx.state.keys.set(key.id, key)
  return ctx.json(201, { ...publicKey(key), secret: `parley_mock${key.id.slice(4)}` })
}

function change(ctx) {
  const { body, user } = ctx
  if (body.new_password !== undefined) {
    if (body.current_password !== user.password) return ctx.fail(401, 'unauthenticated', 'the current password is wrong', {}, 'current_password')
    if (body.new_password.length < 10) return ctx.fail(400, 'invalid_request', 'the new password is too short', {}, 'new_password')
    user.password = body.new_password
  }
  if (body.name !== undefined) user.name = body.name
  return ctx.json(200, me(user))
}

function remove(ctx) {
  const { state, user, body } = ctx
  if (body.password !== user.password) return ctx.fail(401, 'unauthenticated', 'the password is wrong', {}, 'password')
  for (const [key, u] of state.users) if (u === user) state.users.delete(key)
  for (const [id, s] of state.sessions) if (s.user === user) state.sessions.delete(id)
  return ctx.json(204)
}

const sso = [{ name: 'corp', label: 'Corp SSO', url: '/v1/auth/oidc/start' }]

/** method + path -> [needs a session, handler]. */
export const accountRoutes = {
  'GET /v1/auth/options': [
    false,
    (ctx) => ctx.json(200, { setup_needed: ctx.state.users.size === 0, password: true, password_min_length: 10, oidc: ctx.state.faults.sso ? sso : [], version: '0.1.0-mock' }),
  ],
  'GET /v1/auth/oidc/start': [false, (ctx) => ctx.redirect('/?auth_error=the+mock+has+no+provider')],
  'POST /v1/setup': [false, setup],
  'POST /v1/session': [false, signIn],
  'DELETE /v1/session': [
    true,
    (ctx) => {
      ctx.state.sessions.delete(ctx.session.id)
      ctx.json(204, undefined, { 'Set-Cookie': 'parley_session=; Path=/; Max-Age=0' })
    },
  ],
  'GET /v1/me': [true, (ctx) => ctx.json(200, me(ctx.user))],
  'PATCH /v1/me': [true, change],
  'DELETE /v1/me': [true, remove],
  'GET /v1/me/export': [true, (ctx) => ctx.json(200, { user: me(ctx.user).user, conversations: ctx.conversations() })],
  'GET /v1/me/sessions': [
    true,
    (ctx) =>
      ctx.json(200, {
        data: [...ctx.state.sessions.values()]
          .filter((s) => s.user === ctx.user)
          .map(({ user: _user, ...s }) => ({ ...s, current: s.id === ctx.session.id })),
      }),
  ],
  'DELETE /v1/me/sessions/:id': [
    true,
    (ctx) => {
      ctx.state.sessions.delete(ctx.params.id)
      ctx.json(204)
    },
  ],
  'GET /v1/keys': [true, (ctx) => ctx.json(200, { data: [...ctx.state.keys.values()].filter((k) => k.user === ctx.user.id).map(publicKey) })],
  'POST /v1/keys': [true, createKey],
  'DELETE /v1/keys/:id': [
    true,
    (ctx) => {
      ctx.state.keys.delete(ctx.params.id)
      ctx.json(204)
    },
  ],
}
