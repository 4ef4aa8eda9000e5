import { describe, expect, test } from 'vitest'
import { replaceTrigger, triggerAt } from './suggest'

// The caret is where the bar stands.
const at = (text: string) => triggerAt(text.replace('|', ''), text.indexOf('|'))

describe('triggerAt', () => {
  test.each([
    ['/|', { kind: 'prompt', query: '', from: 0, to: 1 }],
    ['/sum|', { kind: 'prompt', query: 'sum', from: 0, to: 4 }],
    ['/sum| of this', { kind: 'prompt', query: 'sum', from: 0, to: 4 }],
    ['#har|', { kind: 'knowledge', query: 'har', from: 0, to: 4 }],
    ['In #|', { kind: 'knowledge', query: '', from: 3, to: 4 }],
    ['@qw|', { kind: 'model', query: 'qw', from: 0, to: 3 }],
    ['Ask @qw|', { kind: 'model', query: 'qw', from: 4, to: 7 }],
  ])('%s', (text, want) => expect(at(text)).toEqual(want))
  test.each(['/usr/bin|', 'and/or|', 'see /etc|', 'me@example|', '/su|m', '/sum |', 'C#|', '# Title|', 'plain|'])('nothing at %s', (text) => expect(at(text)).toBeNull())
})

test('replaceTrigger', () => {
  const text = 'Ask @qw now'
  const trigger = triggerAt(text, 7)
  expect(trigger && replaceTrigger(text, trigger, '')).toBe('Ask now')
  expect(trigger && replaceTrigger(text, trigger, 'them')).toBe('Ask them now')
})
