// Text files as part of a message: each becomes a fenced block headed by its name.

export interface TextFile {
  name: string
  /** In bytes. */
  size: number
  text: string
}

/** How much a message takes along. The context of a model is smaller still, and the server says so. */
export const limits = { files: 10, bytes: 256_000 }

export type Refusal = 'image' | 'binary' | 'large' | 'many' | 'empty'

/** Reads a file as text, or tells why it cannot be taken along. */
export async function readText(file: File): Promise<TextFile | Refusal> {
  if (file.type.startsWith('image/') && file.type !== 'image/svg+xml') return 'image'
  if (file.size === 0) return 'empty'
  if (file.size > limits.bytes) return /^(audio|video)\/|^application\/(zip|pdf)/.test(file.type) ? 'binary' : 'large'
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (bytes.includes(0)) return 'binary'
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.trim() === '' ? 'empty' : { name: file.name, size: file.size, text }
  } catch {
    return 'binary'
  }
}

const fenceFor = (text: string) => '`'.repeat(Math.max(3, ...[...text.matchAll(/^ {0,3}(`{3,})/gm)].map((m) => (m[1]?.length ?? 0) + 1)))

const languageOf = (name: string) => /\.([a-z0-9+#-]{1,12})$/i.exec(name)?.[1]?.toLowerCase() ?? ''

/** A message with its files behind it. */
export function withFiles(text: string, files: readonly TextFile[]): string {
  const blocks = files.map((f) => {
    const fence = fenceFor(f.text)
    return `\`${f.name.replace(/[`\n\r]/g, '_')}\`:\n\n${fence}${languageOf(f.name)}\n${f.text.replace(/\n$/, '')}\n${fence}`
  })
  return [text, ...blocks].filter(Boolean).join('\n\n')
}

const head = /(?:^|\n\n)`([^`\n]+)`:\n\n(`{3,})([^\n`]*)\n/g

/** Takes apart what `withFiles` put together. A message that was written otherwise comes back as it is. */
export function splitFiles(message: string): { text: string; files: TextFile[] } {
  head.lastIndex = 0
  const files: TextFile[] = []
  let text: string | undefined
  for (;;) {
    const m = head.exec(message)
    if (!m) break
    const [, name = '', fence = ''] = m
    const end = message.indexOf(`\n${fence}`, head.lastIndex - 1)
    const after = end + 1 + fence.length
    // A block that is followed by anything but the next file is the writer's own.
    if (end < 0 || (after < message.length && !message.startsWith('\n\n`', after))) return { text: message, files: [] }
    text ??= message.slice(0, m.index)
    const body = message.slice(head.lastIndex, Math.max(end, head.lastIndex))
    files.push({ name, size: new TextEncoder().encode(body).length, text: body })
    head.lastIndex = after
  }
  return { text: text ?? message, files }
}

/** A size as people read it. */
export function sizeText(bytes: number, language: string): string {
  const [n, unit] = bytes < 1000 ? [bytes, 'byte'] : bytes < 1e6 ? [bytes / 1000, 'kilobyte'] : bytes < 1e9 ? [bytes / 1e6, 'megabyte'] : [bytes / 1e9, 'gigabyte']
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: unit === 'byte' ? 'long' : 'short', maximumFractionDigits: n < 10 && unit !== 'byte' ? 1 : 0 }).format(n)
}
