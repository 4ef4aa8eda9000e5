import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accountRoutes } from './accounts.mjs'
import { chatRoutes, publicConversation } from './chat.mjs'
import { hostRoutes } from './host.mjs'
import { libraryRoutes } from './library.mjs'
import { peopleRoutes, publicRoutes } from './people.mjs'
import { tenantRoutes } from './tenants.mjs'
import { usageRoutes } from './usage.mjs'
import { seedPeople } from './seed.mjs'
import { crowd, seed, State } from './state.mjs'
import { Turns } from './turns.mjs'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json', '.woff2': 'font/woff2' }

/** The policy that the real server sends with the page. */
export const csp =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** The policy of the page that draws diagrams; see internal/edge/page.go. */
const diagramPolicy = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

// The administration has a rule for each of its lists of routes.
const guarded = (list, may) =>
  Object.fromEntries(Object.entries(list).map(([name, handler]) => [name, [true, (ctx) => (may(ctx.user) ? handler(ctx) : ctx.fail(403, 'forbidden', 'this needs the role admin'))]]))
const admin = (u) => u.role === 'admin' || u.role === 'owner'
const host = (u) => admin(u) && u.tenant.operator
const operator = (u) => u.role === 'owner' && u.tenant.operator

const routes = Object.entries({
  ...accountRoutes,
  ...chatRoutes,
  ...libraryRoutes,
  ...publicRoutes,
  ...guarded({ ...peopleRoutes, ...usageRoutes }, admin),
  ...guarded(hostRoutes, host),
  ...guarded(tenantRoutes, operator),
}).map(([name, [needsSession, handler]]) => {
  const [method, path] = name.split(' ')
  const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
  // The most exact path wins: a literal part before a parameter.
  return { method, pattern, handler, needsSession, weight: (path.match(/:/g) ?? []).length }
})
routes.sort((a, b) => a.weight - b.weight)

/**
 * Starts a server that speaks the native API with scripted answers and serves the built page.
 * `pace` is the milliseconds between two pieces of an answer; `seeded` begins with an account.
 */
export async function startMock({ port = 0, pace = 25, seeded = false } = {}) {
  const state = new State()
  const speed = { ms: pace }
  const turns = new Turns(speed)
  if (seeded) seedPeople(state, seed(state))
  const server = createServer((req, res) => {
    handle({ req, res, state, turns, speed }).catch((err) => {
      console.error(err)
      if (!res.headersSent) res.writeHead(500)
      res.end()
    })
  })
  await new Promise((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${server.address().port}`, state, turns, close }
}

async function handle(ctx) {
  const { req, res, state } = ctx
  const url = new URL(req.url, 'http://mock')
  ctx.query = url.searchParams
  ctx.json = (status, body, headers = {}) => {
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    res.end(body === undefined ? '' : JSON.stringify(body))
  }
  ctx.fail = (status, code, message, headers = {}, param = '') =>
    ctx.json(status, { error: { message, type: code, param, code, request_id: 'req_mock' } }, headers)
  ctx.redirect = (to) => {
    res.writeHead(302, { Location: to })
    res.end()
  }
  ctx.publicConversation = publicConversation
  ctx.body = await readBody(req)

  if (url.pathname === '/__mock') return control(ctx)
  if (!url.pathname.startsWith('/v1/')) return page(url.pathname, res)
  for (const route of routes) {
    const match = req.method === route.method && route.pattern.exec(url.pathname)
    if (!match) continue
    ctx.params = Object.fromEntries(Object.entries(match.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)]))
    const id = /parley_session=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]
    ctx.session = state.sessions.get(id)
    ctx.user = ctx.session?.user
    ctx.conversations = () => [...state.conversations.values()].filter((c) => c.user === ctx.user.id)
    if (route.needsSession && !ctx.user) return ctx.fail(401, 'unauthenticated', 'sign in first')
    return route.handler(ctx)
  }
  return ctx.fail(404, 'not_found', `no such address: ${req.method} ${url.pathname}`)
}

async function readBody(req) {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return text ? JSON.parse(text) : {}
}

// Tests change the weather here: faults, pace, further accounts, many chats, the end of all sessions.
function control({ state, speed, body, json }) {
  const { pace, user, endSessions, crowd: many, ...faults } = body
  Object.assign(state.faults, faults)
  if (pace !== undefined) speed.ms = pace
  if (user) state.addUser(user)
  if (many) crowd(state, state.byEmail(many.email)[0], many)
  if (endSessions) state.sessions.clear()
  json(200, state.faults)
}

function page(path, res) {
  let file = join(dist, normalize(path))
  if (!file.startsWith(dist) || !existsSync(file) || statSync(file).isDirectory()) file = join(dist, 'index.html')
  if (!existsSync(file)) {
    res.writeHead(404)
    res.end('The page is not built: run "npm run build".')
    return
  }
  res.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Security-Policy': path === '/diagram.html' ? diagramPolicy : csp,
    ...(path.startsWith('/assets/') && { 'Access-Control-Allow-Origin': '*' }),
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  })
  createReadStream(file).pipe(res)
}
