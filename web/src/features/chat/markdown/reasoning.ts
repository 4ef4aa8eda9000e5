/** An answer whose model thought aloud first. */
export interface Parted {
  /** What the model thought, undefined when it did not. */
  reasoning?: string
  /** The thought has not come to its end. */
  thinking: boolean
  answer: string
}

const begin = '<think>'
const end = '</think>'

/**
 * Parts an answer from the reasoning before it, which models put between <think> and </think>. `open` tells that
 * more text may come: then even a part of a mark is no text to show.
 */
export function partReasoning(text: string, open = false): Parted {
  const trimmed = text.trimStart()
  if (!trimmed.startsWith(begin)) {
    const half = open && trimmed !== '' && begin.startsWith(trimmed)
    return half ? { thinking: true, reasoning: '', answer: '' } : { thinking: false, answer: text }
  }
  const stop = trimmed.indexOf(end)
  if (stop >= 0) {
    return { thinking: false, reasoning: trimmed.slice(begin.length, stop).trim(), answer: trimmed.slice(stop + end.length).trimStart() }
  }
  const rest = trimmed.slice(begin.length)
  return { thinking: open, reasoning: (open ? withoutHalf(rest) : rest).trim(), answer: '' }
}

function withoutHalf(text: string): string {
  for (let n = Math.min(end.length - 1, text.length); n > 0; n--) if (text.endsWith(end.slice(0, n))) return text.slice(0, -n)
  return text
}
