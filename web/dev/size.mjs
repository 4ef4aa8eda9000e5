// Prints the gzipped size of every script and fails when those that the page needs to start, or all of
// them together, are over their limit. Run it after `npm run build`.
import { readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const startLimit = 250_000
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

const start = new Set()
const walk = (key) => {
  const chunk = manifest[key]
  if (start.has(chunk.file)) return
  start.add(chunk.file)
  chunk.imports?.forEach(walk)
}
walk('index.html')

let sum = 0
for (const name of readdirSync(new URL('assets/', dist)).sort()) {
  if (!/\.(js|css)$/.test(name)) continue
  const file = `assets/${name}`
  const size = gzipSync(readFileSync(new URL(file, dist))).length
  const initial = start.has(file)
  if (initial) sum += size
  console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${initial ? 'at start ' : 'on demand'}  ${file}`)
}
console.log(`${(sum / 1000).toFixed(1).padStart(8)} kB  scripts at start, limit ${startLimit / 1000} kB (gzip)`)
if (sum > startLimit) {
  console.error('The page starts with too much script: load a part of it on demand.')
  process.exit(1)
}
