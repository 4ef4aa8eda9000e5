import { describe, expect, test } from 'vitest'
import { aChat } from '@/test/samples'
import { de } from '@/i18n/de'
import { en } from '@/i18n/en'
import { de as adminDe } from './admin/strings/de'
import { en as adminEn } from './admin/strings/en'
import { safeNext } from './auth/SignInPage'
import { groupByDate } from './conversations/groups'
import { marked, plain } from './conversations/marked'
import { deviceName } from './settings/device'
import { when } from './settings/when'

test.each([
  ['/c/abc?m=1', '/c/abc?m=1'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  [undefined, '/'],
])('safeNext %s', (next, want) => expect(safeNext(next)).toBe(want))

test('conversations are grouped by day, pinned ones first', () => {
  const now = new Date(2026, 10, 23, 9)
  const at = (id: string, date: Date, pinned = false) => aChat({ id, pinned, updated_at: date.toISOString() })
  const list = [
    at('now', now),
    at('midnight', new Date(2026, 10, 23)),
    at('last night', new Date(2026, 10, 22, 23, 59)),
    at('pin', new Date(2026, 10, 20), true),
    at('week', new Date(2026, 10, 17)),
    at('month', new Date(2026, 10, 1)),
    at('long ago', new Date(2026, 5, 1)),
  ]
  expect(groupByDate(list, now).map((g) => `${g.name}: ${g.items.map((c) => c.id).join(', ')}`)).toEqual([
    'pinned: pin',
    'today: now, midnight',
    'yesterday: last night',
    'week: week',
    'month: month',
    '2026-06: long ago',
  ])
})

describe('marked', () => {
  const show = (snippet: string, q: string) => marked(snippet, q).map((p) => (p.hit ? `[${p.text}]` : p.text)).join('')
  test.each([
    ['The sea and the Sea', 'sea', 'The [sea] and the [Sea]'],
    ['a+b (c)', 'a+b (c)', '[a+b] [(c)]'],
    ['nothing here', 'sea', 'nothing here'],
    ['anything', '', 'anything'],
  ])('%s, %s', (snippet, q, want) => expect(show(snippet, q)).toBe(want))
})

test.each([
  ['Here is what I know about **sqlite or postgresql**.', 'Here is what I know about sqlite or postgresql.'],
  ['Notes | |:---|---:|:---:| | **SQLite** | 1 | none', 'Notes · SQLite · 1 · none'],
  ['| a | b | c |', 'a · b · c'],
  ['## Title then `code` and ~~old~~', 'Title then code and old'],
  ['2**3 is 8, a || b, __init__', '2**3 is 8, a || b, __init__'],
  ['#1 of C# and F#', '#1 of C# and F#'],
])('a snippet %s reads as %s', (snippet, want) => expect(plain(snippet)).toBe(want))

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox, Linux'],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1', 'Safari, iOS'],
  ['Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0', 'Edge, Windows'],
  ['curl/8', 'curl/8'],
])('deviceName %s', (agent, want) => expect(deviceName(agent)).toBe(want))

test.each([
  [-20, 'this minute'],
  [-300, '5 minutes ago'],
  [-7_200, '2 hours ago'],
  [-86_400, 'yesterday'],
  [3 * 86_400, 'in 3 days'],
  [-90 * 86_400, 'Aug 25, 2026'],
])('when %i s', (seconds, want) => {
  const now = Date.UTC(2026, 10, 23, 12)
  expect(when(new Date(now + seconds * 1000).toISOString(), 'en', now)).toBe(want)
})

test.each([
  ['the page', en, de],
  ['the administration', adminEn, adminDe],
])('the languages use the same values in a string of %s', (_part, english, german) => {
  const values = (text: string) => [...text.matchAll(/{{\w+}}/g)].map(([v]) => v).sort()
  const walk = (a: object, b: object, path: string) => {
    for (const [key, value] of Object.entries(a)) {
      const other = (b as Record<string, unknown>)[key]
      if (typeof value === 'string') expect(values(String(other)), path + key).toEqual(values(value))
      else walk(value as object, other as object, `${path}${key}.`)
    }
  }
  walk(english, german, '')
})
