import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const sources = import.meta.glob<string>(['../**/*.tsx', '../**/*.ts', '../../gallery/**/*.tsx', '!../**/*.test.*'], { query: '?raw', import: 'default', eager: true })
const sheets = readdirSync('src/styles').map((name) => [name, readFileSync(`src/styles/${name}`, 'utf8')] as const)

// Utilities that name a side of the screen, where start and end would follow the way the language runs.
const physical =
  /(?<![\w-])-?(?:(?:left|right|[mp][lr]|scroll-[mp][lr])-[\w[(]|(?:rounded|border)-(?:[tb]?[lr])(?![\w])|(?:text|float|clear)-(?:left|right)(?![\w-])|origin-(?:\w+-)?(?:left|right)|space-x-reverse|bg-linear-to-(?:[tb]?[lr])(?![\w]))[\w[\]().%/-]*/g

const declared = /(?:^|[\s;{])((?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right)[\w-]*|left|right|float|text-align)\s*:\s*([^;]+)/g

test('classes name no side of the screen', () => {
  const found = Object.entries(sources).flatMap(([file, text]) => [...text.matchAll(/(['"`])((?:(?!\1)[^\\]|\\.)*)\1/gs)].flatMap(([, , words = '']) => [...words.matchAll(physical)].map(([name]) => `${file}: ${name}`)))
  expect(found).toEqual([])
})

test('style sheets name no side of the screen', () => {
  expect(sheets.length).toBeGreaterThan(0)
  const found = sheets.flatMap(([file, text]) =>
    [...text.matchAll(declared)].filter(([, name, value = '']) => !/^(?:text-align|float)$/.test(name ?? '') || /left|right/.test(value)).map(([all]) => `${file}: ${all.trim()}`),
  )
  expect(found).toEqual([])
})
