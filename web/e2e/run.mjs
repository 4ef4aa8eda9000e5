// Runs the browser tests one file after the other, in this order: `node --test` would sort them, and the
// first of them makes the first account. Files that are named are run instead.
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const all = ['page', 'work', 'composer', 'keyboard', 'palette', 'trouble', 'admin', 'models', 'crowd', 'wishes'].map((name) => `e2e/${name}.test.mjs`)
const named = process.argv.slice(2)

const tests = run({ files: named.length > 0 ? named : all, concurrency: 1 })
tests.on('test:fail', () => {
  process.exitCode = 1
})
tests.compose(new spec()).pipe(process.stdout)
