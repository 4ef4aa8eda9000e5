import type { Conversation, Folder, Me, Message, Model, ModelFacts, Prompt } from '@/api/types'
import { aChat, aMessage } from '@/test/samples'
import { long, unbroken } from './section'

// What the parts of the gallery are filled with.

export const noon = '2026-11-23T12:00:00Z'

let count = 0
const message = (over: Partial<Message>) =>
  aMessage({ id: `msg_${count++}`, conversation_id: 'gallery', role: 'assistant', text: '', model: 'harbour-7b', created_at: noon, ...over })

export const question = (text: string, over: Partial<Message> = {}) => message({ role: 'user', model: '', text, ...over })

export const answer = (text: string, over: Partial<Message> = {}) => message({ text, tokens: 214, latency_ms: 3_400, ...over })

export const conversation = (title: string, over: Partial<Conversation> = {}) => aChat({ id: `cnv_${count++}`, title, created_at: noon, updated_at: noon, ...over })

export const folder = (name: string, conversations = 0): Folder => ({ id: `fld_${name}`, name, conversations, created_at: noon })

const model = (id: string, facts: Partial<ModelFacts>): Model => ({
  id,
  object: 'model',
  created: 0,
  owned_by: 'parley',
  parley: { kind: 'chat', name: id, default: false, loaded: false, vision: false, location: 'here', price: null, size_bytes: 0, ...facts },
})

export const models: Model[] = [
  model('harbour-7b', { default: true, loaded: true, description: 'Answers well, and takes its time.', parameters: 7_600_000_000, quantisation: 'Q4_K_M', size_bytes: 4_700_000_000, context: 32_768 }),
  model('pilot-135m', { parameters: 135_000_000, quantisation: 'Q8_0', size_bytes: 145_000_000, context: 8_192 }),
  model('dear-large', { description: 'Knows much, and is accounted for.', context: 200_000, price: { input: 3, cached: 0.3, output: 15 } }),
]

const prompt = (command: string, title: string, over: Partial<Prompt> = {}): Prompt => ({
  id: `prm_${command}`,
  command,
  title,
  text: title,
  shared: false,
  mine: true,
  owner_name: 'Grace Hopper',
  variables: [],
  updated_at: noon,
  ...over,
})

export const prompts = [prompt('summary', 'Sum up a text'), prompt('reply', 'A reply that is kind and short', { mine: false, shared: true }), prompt('translate', long)]

export const me: Me = {
  user: { id: 'usr_1', email: 'grace@example.com', name: 'Grace Hopper', role: 'owner', groups: [], disabled: false, has_password: true, created_at: noon },
  tenant: { id: 'ten_1', slug: 'harbour', name: 'Harbour Works', operator: true, created_at: noon },
  operator: true,
  via: 'session',
  permissions: ['chat', 'admin'],
}

export const viewer: Me = { ...me, user: { ...me.user, role: 'viewer' } }

export const files = [
  { name: 'tides.csv', size: 18_400, text: 'day,high,low\n1,4.2,0.6\n2,4.4,0.5' },
  { name: `${unbroken}.md`, size: 912, text: '# Tides' },
]

export const short = 'The **tide** comes in twice a day, since the moon pulls at the sea and the earth turns below it.'

export const thought = 'They ask about tides. The moon matters most, the sun somewhat. I keep it short.'

/** A text with a bit of everything that Markdown has. */
export const everything = `## The tides

They follow the *moon*[^1], as \`tide(t)\` says, and $h = a \\cos(\\omega t)$ makes it exact.

1. High water
2. Low water
   - the neap tide
   - the spring tide

- [x] looked up
- [ ] measured

> Time and tide wait for no man.

| Place | High | Low |
|---|---:|---:|
| Bay of Fundy | 16.3 m | 0.0 m |
| Hamburg | 3.8 m | 0.2 m |

\`\`\`go
// next returns the time of the next high water.
func next(t time.Time) time.Time {
	return t.Add(12*time.Hour + 25*time.Minute)
}
\`\`\`

See the [almanac](https://example.com/tides).

[^1]: And, less so, the sun.
`
