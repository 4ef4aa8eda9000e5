/** A place in a prompt that is filled in when it is used. */
export interface Variable {
  name: string
  default: string
}

const pattern = /\{\{\s*([^{}|\n]{1,60}?)\s*(?:\|([^{}\n]*))?\}\}/g

/** The variables of a prompt, each once, in the order in which they occur. */
export function variablesOf(text: string): Variable[] {
  const found = new Map<string, Variable>()
  for (const [, name = '', preset = ''] of text.matchAll(pattern)) {
    const before = found.get(name)
    if (!before) found.set(name, { name, default: preset.trim() })
    else if (!before.default) before.default = preset.trim()
  }
  return [...found.values()]
}

/** The prompt with its variables filled in. What is given nowhere takes its default. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  const presets = new Map(variablesOf(text).map((v) => [v.name, v.default]))
  return text.replace(pattern, (_all, name: string) => values[name] || presets.get(name) || '')
}
