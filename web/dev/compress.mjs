// Writes each text file of the build once more as Brotli and gzip, so that the server has nothing to do
// and browsers load as little as can be.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const dist = new URL('../dist/', import.meta.url)
const smallest = 1024

for (const name of readdirSync(dist, { recursive: true })) {
  if (!/\.(js|css|svg|html|json|webmanifest)$/.test(name) || name.startsWith('.vite')) continue
  const raw = readFileSync(new URL(name, dist))
  if (raw.length < smallest) continue
  const forms = {
    br: brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } }),
    gz: gzipSync(raw, { level: 9 }),
  }
  for (const [ending, packed] of Object.entries(forms)) {
    if (packed.length < raw.length * 0.95) writeFileSync(new URL(`${name}.${ending}`, dist), packed)
  }
}
