import { expect, test } from 'vitest'
import { chooseKnowledge, knowledgeOf, moveKnowledge } from './choice'
import { around } from './span'

test('bytes of a text are its characters', () => {
  const text = 'Größe: zwölf Boote. 港口六點開放。 End'
  const bytes = new TextEncoder().encode(text)
  const start = new TextEncoder().encode('Größe: ').length
  const end = start + new TextEncoder().encode('zwölf Boote.').length
  expect(around(text, start, end)).toEqual({ before: 'Größe: ', span: 'zwölf Boote.', after: ' 港口六點開放。 End' })
  expect(around(text, 0, bytes.length).span).toBe(text)
})

test('a long text is cut between characters', () => {
  const text = `${'港'.repeat(50_000)}HERE${'口'.repeat(50_000)}`
  const { before, span, after } = around(text, 150_000, 150_004)
  expect(span).toBe('HERE')
  expect(before).toMatch(/^…港+$/)
  expect(after).toMatch(/^口+…$/)
})

test('a choice goes along when a new chat gets its id', () => {
  chooseKnowledge('', { id: 'vs_1', name: 'Harbour' })
  moveKnowledge('', 'conv_1')
  expect(knowledgeOf('')).toBeUndefined()
  expect(knowledgeOf('conv_1')).toEqual({ id: 'vs_1', name: 'Harbour' })
})
