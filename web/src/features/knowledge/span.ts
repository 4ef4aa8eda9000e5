/** How much of a long document is shown before and after a place, in bytes. */
const margin = 60_000

/** The part of a text between two of its bytes, in UTF-8, with what stands before and after it. */
export function around(text: string, start: number, end: number) {
  const bytes = new TextEncoder().encode(text)
  const decode = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to))
  const from = edge(bytes, Math.max(0, start - margin))
  const to = edge(bytes, Math.min(bytes.length, end + margin))
  return {
    before: (from > 0 ? '…' : '') + decode(from, start),
    span: decode(start, end),
    after: decode(end, to) + (to < bytes.length ? '…' : ''),
  }
}

/** Cuts a text by its bytes, in UTF-8. */
export function byteSlices(text: string) {
  const bytes = new TextEncoder().encode(text)
  return (start: number, end: number) => new TextDecoder().decode(bytes.subarray(start, end))
}

// The first byte of the character that a byte belongs to.
function edge(bytes: Uint8Array, at: number): number {
  while (at > 0 && at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--
  return at
}
