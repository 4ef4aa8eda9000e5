import { expect, test } from 'vitest'
import { fill, variablesOf } from './fill'

test.each([
  ['Hello', []],
  ['{{a}} and {{ a }} and {{b|c d}}', [{ name: 'a', default: '' }, { name: 'b', default: 'c d' }]],
  ['{{a}} then {{a|x}}', [{ name: 'a', default: 'x' }]],
  ['a {lone} brace, {{}} and {{\n}}', []],
])('variablesOf %s', (text, want) => expect(variablesOf(text)).toEqual(want))

test.each([
  ['To {{language|German}}: {{text}}', { text: 'x' }, 'To German: x'],
  ['To {{language|German}}: {{text}}', { language: 'French', text: '{{language}}' }, 'To French: {{language}}'],
  ['{{a}}{{a|y}}', {}, 'yy'],
  ['$& {{a}}', { a: '$1' }, '$& $1'],
])('fill %s', (text, values, want) => expect(fill(text, values)).toBe(want))
