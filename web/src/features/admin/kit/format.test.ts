import { describe, expect, test } from 'vitest'
import { toCsv } from './csv'
import { bytes, percent, secondsLeft, span } from './format'
import { newPassword } from './password'
import { roundUp } from './Chart'

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [98_362_432, '98 MB'],
  [999_700_000, '1 GB'],
  [1_060_000_000, '1.1 GB'],
  [182e9, '182 GB'],
])('bytes %d', (n, want) => expect(bytes(n, 'en')).toBe(want))

describe('the rest of a download', () => {
  test('is what is missing over the speed', () => expect(secondsLeft(25, 100, 5)).toBe(15))
  test('is not told without a speed or a size', () => {
    expect(secondsLeft(25, 100, 0)).toBeNull()
    expect(secondsLeft(25, 0, 5)).toBeNull()
  })
  test('is never less than none', () => expect(secondsLeft(101, 100, 5)).toBe(0))
  test.each([
    [0.2, 'second', 1],
    [59.4, 'second', 59],
    [59.6, 'minute', 1],
    [95, 'minute', 2],
    [3_599, 'hour', 1],
    [47 * 3600, 'hour', 47],
    [3 * 86_400, 'day', 3],
  ] as const)('%d s', (seconds, unit, count) => expect(span(seconds)).toEqual({ unit, count }))
  test.each([
    [0, 100, 0],
    [99.9, 100, 99],
    [100, 100, 100],
    [5, 0, 0],
  ])('%d of %d', (done, total, want) => expect(percent(done, total)).toBe(want))
})

describe('CSV', () => {
  const body = (rows: (string | number)[][]) => toCsv(['a', 'b'], rows).slice(1)
  test('begins with the mark of UTF-8 and ends its lines as the RFC says', () => expect(toCsv(['a'], [['ä']])).toBe('\uFEFFa\r\nä\r\n'))
  test('quotes commas, quotes and line breaks', () => expect(body([['x,y', 'say "hi"\nnow']])).toBe('a,b\r\n"x,y","say ""hi""\nnow"\r\n'))
  test('a name that looks like a formula stays text', () => expect(body([['=1+1', '@x']])).toBe("a,b\r\n'=1+1,'@x\r\n"))
  test('figures are figures', () => expect(body([[-3, 0.25]])).toBe('a,b\r\n-3,0.25\r\n'))
})

test('passwords are long, easy to read out, and not the same twice', () => {
  const made = newPassword()
  expect(made).toMatch(/^([a-hj-km-zA-HJ-NP-Z2-9]{5}-){3}[a-hj-km-zA-HJ-NP-Z2-9]{5}$/)
  expect(newPassword()).not.toBe(made)
})

test.each([
  [0, 1],
  [7, 10],
  [3, 5],
  [21, 25],
  [500, 500],
  [501, 1000],
  [0.03, 0.05],
])('the axis above %d ends at %d', (value, want) => expect(roundUp(value)).toBeCloseTo(want, 10))
