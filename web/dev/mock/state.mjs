let counter = 0

/** An id that sorts by time, shaped like the server's. */
export function newId(prefix) {
  return `${prefix}_${Date.now().toString(36).padStart(10, '0')}${(counter++).toString(36).padStart(16, '0')}`
}

/** What the mock holds. All of it is in memory. */
export class State {
  users = new Map()
  sessions = new Map()
  keys = new Map()
  conversations = new Map()
  messages = new Map()
  folders = new Map()
  shares = new Map()
  prompts = new Map()
  tries = new Map()
  answered = new Map()
  tenants = new Map()
  groups = new Map()
  invitations = new Map()
  defaults = { default: '' }
  setupToken = 'mock-setup-token'
  /** Set over POST /__mock, to see the page in trouble. */
  faults = { dropAfter: 0, splitBytes: false, chatReady: true, sso: false, links: true, models: 3, trouble: false }

  addUser({ email, name, password = '', role = 'owner', groups = [], tenant = { id: 'ten_1', slug: 'acme', name: 'Acme' }, ...rest }) {
    if (!this.tenants.has(tenant.id)) this.tenants.set(tenant.id, Object.assign(tenant, { operator: this.tenants.size === 0, created_at: new Date().toISOString(), ...tenant }))
    tenant = this.tenants.get(tenant.id)
    const user = { id: newId('usr'), email, name, role, groups, disabled: false, created_at: new Date().toISOString(), password, tenant, ...rest }
    this.users.set(`${tenant.slug}/${email.toLowerCase()}`, user)
    return user
  }

  /** The users of a tenant, oldest first. */
  usersOf(tenant) {
    return [...this.users.values()].filter((u) => u.tenant === tenant)
  }

  byEmail(email) {
    return [...this.users.values()].filter((u) => u.email.toLowerCase() === String(email).toLowerCase())
  }

  addConversation(user, title = '', extra = {}) {
    const now = new Date().toISOString()
    const c = { id: newId('cnv'), title, status: 'active', pinned: false, folder_id: '', temporary: false, leaf_id: '', retention_policy: '', created_at: now, updated_at: now, user: user.id, ...extra }
    this.conversations.set(c.id, c)
    return c
  }

  addMessage(conversation, parent, role, text, extra = {}) {
    const m = {
      id: newId('msg'),
      conversation_id: conversation.id,
      parent_id: parent || '',
      role,
      text,
      model: role === 'assistant' ? 'smollm2-135m-instruct' : '',
      status: 'complete',
      finish_reason: '',
      tokens: 0,
      feedback: null,
      safety_flags: [],
      sources: [],
      grounding: null,
      created_at: new Date().toISOString(),
      ...extra,
    }
    this.messages.set(m.id, m)
    conversation.leaf_id = m.id
    conversation.updated_at = m.created_at
    return m
  }

  messagesOf(id) {
    return [...this.messages.values()].filter((m) => m.conversation_id === id)
  }
}

/** Fills a state with an account and some history, to look at. */
export function seed(state) {
  const ada = state.addUser({ email: 'ada@example.com', name: 'Ada Lovelace', password: 'correct horse' })
  const day = 86_400_000
  const chats = [
    ['Quarterly report outline', 0, true],
    ['What a context window is', 0],
    ['SQLite or PostgreSQL', 1],
    ['A polite reminder to a supplier about the invoice from March', 3],
    ['Regular expressions for dates', 5],
    ['Onboarding checklist', 18],
    ['Names for the meeting rooms', 75],
  ]
  for (const [title, days, pinned = false] of [...chats].reverse()) {
    const at = new Date(Date.now() - days * day).toISOString()
    const c = state.addConversation(ada, title, { pinned })
    const q = state.addMessage(c, '', 'user', `Tell me about: ${title}`)
    state.addMessage(c, q.id, 'assistant', `Here is what I know about **${title.toLowerCase()}**.`, { tokens: 12, finish_reason: 'stop' })
    c.updated_at = at
    c.created_at = at
  }
  for (const name of ['Board meetings', 'Recipes']) {
    const f = { id: newId('fold'), name, created_at: new Date().toISOString(), user: ada.id }
    state.folders.set(f.id, f)
    if (name === 'Recipes') state.addConversation(ada, 'Bread with less salt', { folder_id: f.id })
  }
  const prompts = [
    ['translate', 'Translate a text', 'Translate into {{language|German}}, keep the tone:\n\n{{text}}', true],
    ['summary', 'Summarise in five points', 'Summarise in five short points what follows:\n\n', false],
    ['review', 'Review code', 'Review this {{language}} code. Name bugs first, then style.\n\n{{code}}', false],
  ]
  for (const [command, title, text, shared] of prompts) {
    const p = { id: newId('prm'), command, title, text, shared, user: ada.id, updated_at: new Date().toISOString() }
    state.prompts.set(p.id, p)
  }
  return ada
}

/** Adds so many chats, and one chat with so many messages, to look at a page with much in it. */
export function crowd(state, user, { chats = 0, messages = 0 }) {
  for (let i = 0; i < chats; i++) {
    const at = new Date(Date.now() - i * 3_600_000).toISOString()
    state.addConversation(user, `Chat number ${i} about ${['sea', 'sky', 'salt', 'sand'][i % 4]}`, { created_at: at, updated_at: at })
  }
  if (messages === 0) return
  const c = state.addConversation(user, `A chat of ${messages} messages`)
  let parent = ''
  for (let i = 0; i < messages; i++) {
    const text = i % 2 ? `Answer ${i}: a **bold** word, a list\n\n- one\n- two\n\nand \`code\`.\n\n${'It goes on for a while. '.repeat(i % 17)}` : `Question ${i}?`
    parent = state.addMessage(c, parent, i % 2 ? 'assistant' : 'user', text, { tokens: 40, latency_ms: 900, finish_reason: 'stop' }).id
  }
}