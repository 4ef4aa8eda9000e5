import { describe, expect, test } from 'vitest'
import type { Me } from '@/api/types'
import { grantable } from './access'
import { fit } from './models/data'
import { attention, change } from './overview/attention'
import { findPage, sections, sectionsFor } from './pages'
import { slugOf } from './tenants/slug'
import type { Health, Invitation, Model, Usage } from './types'
import { everyDay } from './usage/data'
import { days, readUsage, times, writeUsage } from './usage/range'
import { isCommand, verdict, worstFirst } from './health/data'

const who = (role: Me['user']['role'], first: boolean, operator = false) => ({ user: { role }, tenant: { operator: first }, operator }) as Me

describe('the navigation', () => {
  const seen = (me: Me) => sectionsFor(me).flatMap((s) => s.pages.map((p) => p.path))
  test.each([
    ['a member', who('member', true), []],
    ['an admin of a tenant', who('admin', false), ['overview', 'usage', 'users', 'invitations', 'groups', 'keys', 'defaults']],
    ['an admin of the first tenant', who('admin', true), ['overview', 'usage', 'users', 'invitations', 'groups', 'keys', 'models', 'defaults', 'health']],
    ['an owner of the first tenant', who('owner', true, true), sections.flatMap((s) => s.pages.map((p) => p.path))],
  ])('of %s', (_name, me, want) => expect(seen(me)).toEqual(want))
  test('the bare address is the first page', () => expect(findPage(undefined)?.path).toBe('overview'))
  test('an address that no page has is none', () => expect(findPage('nowhere')).toBeUndefined())
})

test('only an owner makes owners', () => {
  expect(grantable(who('owner', true))).toContain('owner')
  expect(grantable(who('admin', true))).toEqual(['viewer', 'member', 'admin'])
})

test.each([
  [2, 'fits'],
  [5, 'tight'],
  [9.5, 'large'],
  [0, 'unknown'],
])('a model of %d GB on 10 GB of which 4 are free: %s', (need, want) => {
  expect(fit(need * 1e9, { total_bytes: 10e9, available_bytes: 4e9 })).toBe(want)
})
test('a loaded model fits, and without figures nothing is said', () => {
  expect(fit(9e9, { total_bytes: 10e9, available_bytes: 0 }, true)).toBe('fits')
  expect(fit(9e9, undefined)).toBe('unknown')
  expect(fit(9e9, { total_bytes: 0, available_bytes: 0 })).toBe('unknown')
})

test.each([
  ['Größe & Co.', 'groesse-co'],
  ['  Été 2026! ', 'ete-2026'],
  ['日本', ''],
  ['a'.repeat(60), 'a'.repeat(48)],
])('the slug of %j', (name, want) => expect(slugOf(name)).toBe(want))

describe('usage', () => {
  const now = new Date('2026-11-24T23:30:00Z')
  test('begins with the week by day', () => expect(readUsage({}, now)).toEqual({ range: 'week', from: '2026-11-18', to: '2026-11-24', by: 'day', measure: 'requests' }))
  test('reads a range of its own only when it is whole', () => {
    expect(readUsage({ range: 'custom', from: '2026-01-01', to: '2026-01-31', by: 'user' }, now)).toMatchObject({ range: 'custom', from: '2026-01-01', to: '2026-01-31', by: 'user' })
    expect(readUsage({ range: 'custom', from: '2026-13-41', to: '2026-01-31' }, now)).toMatchObject({ range: 'week' })
  })
  test('what is read is what was written', () => {
    const search = { range: 'month', from: undefined, to: undefined, by: 'model', measure: 'tokens' }
    expect(writeUsage(readUsage(search, now))).toEqual(search)
    expect(writeUsage(readUsage({}, now))).toEqual({})
  })
  test('the last day counts to its end', () => expect(times('2026-02-28', '2026-02-28')).toEqual({ from: '2026-02-28T00:00:00Z', to: '2026-03-01T00:00:00Z' }))
  test('days without a question are there, and none is there twice', () => {
    expect(days('2026-02-27', '2026-03-01')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
    expect(days('2026-03-02', '2026-03-01')).toEqual([])
    const row = { key: '2026-02-28T00:00:00Z', label: '', requests: 3 } as Usage['rows'][0]
    expect(everyDay([row], days('2026-02-27', '2026-03-01')).map((r) => r.requests)).toEqual([0, 3, 0])
  })
})

describe('what needs attention', () => {
  const model = (id: string, state: Model['state'], installed = false) => ({ id, state, installed, kind: 'chat' }) as Model
  const week = (requests: number, errors: number) => ({ total: { requests, errors } }) as Usage
  test('nothing that is not known', () => expect(attention({})).toEqual([]))
  test('the worst first', () => {
    const health = { checks: [{ name: 'a', state: 'warn' }, { name: 'b', state: 'fail' }, { name: 'c', state: 'ok' }] } as Health
    const invitations = [{ state: 'expired' }, { state: 'pending' }] as Invitation[]
    const kinds = attention({ health, models: [model('x', 'failed'), model('y', 'downloading')], invitations, week: week(100, 20) }).map((a) => (a.kind === 'check' ? a.check.name : a.kind))
    expect(kinds).toEqual(['b', 'noModel', 'failed', 'errors', 'a', 'expired', 'coming'])
  })
  test('a few failed requests are no news', () => {
    expect(attention({ week: week(100, 5) })).toEqual([])
    expect(attention({ week: week(10, 10) })).toEqual([])
  })
  test('change over nothing is not told', () => {
    expect(change(0, 5)).toBeNull()
    expect(change(4, 5)).toBe(0.25)
  })
})

test('health is as good as its worst check, which is shown first', () => {
  const checks = [{ name: 'a', state: 'ok' as const, detail: '', fix: '' }, { name: 'b', state: 'warn' as const, detail: '', fix: '' }, { name: 'c', state: 'fail' as const, detail: '', fix: '' }]
  expect(verdict(checks)).toBe('fail')
  expect(verdict(checks.slice(0, 2))).toBe('warn')
  expect(verdict([])).toBe('ok')
  expect(worstFirst(checks).map((c) => c.name)).toEqual(['c', 'b', 'a'])
})

test('only a command is shown as one', () => {
  expect(isCommand('parley model pull x')).toBe(true)
  expect(isCommand('parley.example is down')).toBe(false)
  expect(isCommand('free some disk space')).toBe(false)
})
