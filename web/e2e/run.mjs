// Runs the browser tests one file after the other, in this order: `node --test` would sort them, and the
// first of them makes the first account. Files that are named are run instead. PARLEY_E2E_FAILED names a file
// that is to hold the names of those that failed.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const all = ['page', 'work', 'composer', 'keyboard', 'palette', 'trouble', 'admin', 'models', 'knowledge', 'crowd', 'wishes'].map((name) => `e2e/${name}.test.mjs`)
const named = process.argv.slice(2)

/** How long one file may take, in milliseconds: the longest needs three minutes on two busy cores. A browser that hangs must not hold up the rest. */
const timeout = 15 * 60_000

const tests = run({ files: named.length > 0 ? named : all, concurrency: 1, timeout })
const failed = new Set()
tests.on('test:fail', ({ file }) => {
  process.exitCode = 1
  failed.add(relative('.', file))
})
tests.on('end', () => {
  if (process.env.PARLEY_E2E_FAILED) writeFileSync(process.env.PARLEY_E2E_FAILED, [...failed].join(' '))
})
tests.compose(new spec()).pipe(process.stdout)
