// What was used: made-up figures that are the same for the same day.
const day = 86_400_000
const models = ['smollm2-135m-instruct', 'qwen2.5-1.5b-instruct']
const surfaces = ['chat', 'openai']

// A number from 0 to 1 that hangs on the text alone.
function chance(text) {
  let h = 2166136261
  for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 16777619)
  return ((h >>> 0) % 10_000) / 10_000
}

function records(ctx, from, to) {
  const list = []
  const users = ctx.state.usersOf(ctx.user.tenant)
  // Nothing is older than a hundred days.
  const first = Math.max(from, Date.now() - 100 * day)
  for (let at = first - (first % day); at < to; at += day) {
    const weekend = [0, 6].includes(new Date(at).getUTCDay())
    for (const u of users)
      for (const model of models)
        for (const surface of surfaces) {
          const n = Math.floor(chance(`${at}${u.email}${model}${surface}`) * (weekend ? 3 : 14))
          if (n === 0) continue
          const figures = { requests: n, input_tokens: n * 420, cached_tokens: n * 130, output_tokens: n * 210, cost_usd: 0, latency: n * (900 + 40 * n), errors: n > 12 ? 1 : 0 }
          list.push({ day: new Date(at).toISOString().slice(0, 10), user: [u.id, u.name], model: [model, model], surface: [surface, surface], ...figures })
        }
  }
  return list
}

const figures = ['requests', 'input_tokens', 'cached_tokens', 'output_tokens', 'cost_usd', 'latency', 'errors']

function add(into, r) {
  for (const f of figures) into[f] += r[f]
  return into
}

const empty = () => Object.fromEntries(figures.map((f) => [f, 0]))
const told = ({ latency, ...r }) => ({ ...r, avg_latency_ms: r.requests ? Math.round(latency / r.requests) : 0 })

function usage(ctx) {
  const by = ctx.query.get('by') ?? 'day'
  const to = Date.parse(ctx.query.get('to') ?? '') || Date.now()
  const from = Date.parse(ctx.query.get('from') ?? '') || to - 7 * day
  if (from > to) return ctx.fail(400, 'invalid_request', 'from must be before to', {}, 'from')
  const rows = new Map()
  const total = empty()
  for (const r of records(ctx, from, to)) {
    const [key, label] = by === 'day' ? [r.day, r.day] : r[by]
    if (!rows.has(key)) rows.set(key, { key, label, ...empty() })
    add(rows.get(key), r)
    add(total, r)
  }
  return ctx.json(200, { from: new Date(from).toISOString(), to: new Date(to).toISOString(), by, rows: [...rows.values()].map(told), total: told(total) })
}

/** method + path -> handler, for administrators. */
export const usageRoutes = {
  'GET /v1/admin/usage': usage,
  'GET /v1/admin/model-defaults': (ctx) => ctx.json(200, { chat: ctx.state.defaults }),
  'PUT /v1/admin/model-defaults': (ctx) => {
    ctx.state.defaults = { default: '', ...ctx.body.chat }
    ctx.json(200, { chat: ctx.state.defaults })
  },
}
