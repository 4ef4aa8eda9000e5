import type { ThemeRegistrationRaw } from '@shikijs/core'

/** The kinds of words in code that have a colour of their own; each is a class `code-…` in code.css. */
export const kinds = ['comment', 'keyword', 'string', 'number', 'call', 'type', 'name', 'tag', 'attribute', 'sign', 'added', 'removed', 'heading', 'link'] as const

type Kind = (typeof kinds)[number]

// Later entries and longer scopes win.
const scopes: [Kind, string[]][] = [
  ['name', ['variable.parameter', 'variable.other.property', 'variable.other.object.property', 'meta.object-literal.key', 'support.type.property-name', 'entity.name.tag.yaml', 'support.variable', 'variable.language']],
  ['sign', ['punctuation', 'meta.brace', 'keyword.operator', 'storage.type.function.arrow']],
  ['comment', ['comment', 'punctuation.definition.comment', 'markup.quote']],
  ['string', ['string', 'punctuation.definition.string', 'constant.other.symbol', 'markup.inline.raw', 'markup.fenced_code']],
  ['number', ['constant.numeric', 'constant.language', 'constant.character', 'constant.other', 'support.constant', 'keyword.other.unit', 'variable.other.enummember', 'entity.name.constant']],
  ['keyword', ['keyword', 'storage', 'keyword.operator.new', 'keyword.operator.expression', 'keyword.operator.logical.python', 'keyword.operator.wordlike', 'variable.language.this', 'variable.language.self', 'variable.language.special.self']],
  ['sign', ['keyword.operator']],
  ['keyword', ['keyword.operator.new', 'keyword.operator.expression', 'keyword.operator.logical.python', 'keyword.operator.wordlike']],
  ['call', ['entity.name.function', 'support.function', 'meta.function-call.generic', 'variable.function', 'entity.name.command']],
  ['type', ['entity.name.type', 'entity.name.class', 'entity.name.namespace', 'entity.other.inherited-class', 'support.type', 'support.class', 'storage.type.java', 'storage.type.cs', 'storage.type.primitive', 'storage.type.built-in', 'storage.type.numeric.go', 'storage.type.string.go', 'storage.type.boolean.go', 'storage.type.error.go', 'storage.type.byte.go', 'storage.type.uintptr.go']],
  ['name', ['support.type.property-name']],
  ['tag', ['entity.name.tag', 'punctuation.definition.tag', 'entity.name.section.group-title', 'entity.other.attribute-name.class.css', 'entity.other.attribute-name.id.css']],
  ['attribute', ['entity.other.attribute-name', 'entity.name.function.decorator', 'meta.decorator', 'storage.type.annotation', 'punctuation.decorator', 'meta.annotation']],
  ['added', ['markup.inserted', 'punctuation.definition.inserted']],
  ['removed', ['markup.deleted', 'punctuation.definition.deleted']],
  ['heading', ['markup.heading', 'entity.name.section', 'meta.diff.header', 'meta.diff.range', 'markup.bold']],
  ['link', ['markup.underline.link', 'string.other.link']],
]

// A theme's colour is the number of the kind: the page has the colours, one set for each of its themes.
const colour = (n: number) => `#0000${n.toString(16).padStart(2, '0')}`

/** The number of the kind that a colour of this theme stands for; 0 is none. */
export const kindOf = (colour: string | undefined): number => Number.parseInt(colour?.slice(-2) ?? '', 16) || 0

export const theme: ThemeRegistrationRaw = {
  name: 'parley',
  type: 'light',
  fg: colour(0),
  bg: '#ffffff',
  colors: { 'editor.foreground': colour(0), 'editor.background': '#ffffff' },
  settings: scopes.map(([kind, scope]) => ({ scope, settings: { foreground: colour(kinds.indexOf(kind) + 1) } })),
}
