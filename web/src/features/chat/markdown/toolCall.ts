/** A call of a tool, as a card shows it. */
export interface ToolCall {
  name: string
  /** JSON as the model wrote it; while it is being written perhaps not complete. */
  arguments: string
  /** Absent while the tool runs. JSON is shown as such, anything else as text. */
  result?: string
  status: 'running' | 'done' | 'failed'
  duration_ms?: number
}

/** JSON set in lines, or undefined for what is none. */
export function pretty(text: string): string | undefined {
  if (!/^\s*[[{"]/.test(text) || text.length > 200_000) return undefined
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return undefined
  }
}
