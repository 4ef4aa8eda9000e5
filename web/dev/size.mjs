// Prints the gzipped size of every script and fails when those that the page needs to start, or all of
// them together, are over their limit. Run it after `npm run build`.
import { readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const startLimit = 250_000
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

// The files of these parts and of what they import.
function files(...entries) {
  const found = new Set()
  const walk = (key) => {
    const chunk = manifest[key]
    if (found.has(chunk.file)) return
    found.add(chunk.file)
    chunk.imports?.forEach(walk)
  }
  entries.forEach(walk)
  return found
}

// What the sign-in page begins with, and what the chat does (see vite.config.ts).
const named = (name) => Object.keys(manifest).find((key) => manifest[key].name === name)
const door = files('index.html', named('base'))
const start = files('index.html', named('base'), named('chat'))

let sum = 0
let signIn = 0
for (const name of readdirSync(new URL('assets/', dist)).sort()) {
  if (!/\.(js|css)$/.test(name)) continue
  const file = `assets/${name}`
  const size = gzipSync(readFileSync(new URL(file, dist))).length
  const initial = start.has(file)
  if (initial) sum += size
  if (door.has(file)) signIn += size
  console.log(`${(size / 1000).toFixed(1).padStart(8)} kB  ${initial ? 'at start ' : 'on demand'}  ${file}`)
}
console.log(`${(signIn / 1000).toFixed(1).padStart(8)} kB  scripts of the sign-in page`)
console.log(`${(sum / 1000).toFixed(1).padStart(8)} kB  scripts at start, limit ${startLimit / 1000} kB (gzip)`)
if (sum > startLimit) {
  console.error('The page starts with too much script: load a part of it on demand.')
  process.exit(1)
}
