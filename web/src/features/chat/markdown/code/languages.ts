/** A language that can be coloured: its name for the reader, the end of its files, its other names. */
interface Language {
  label: string
  file: string
  names: string[]
}

const known: Record<string, Language> = {
  bash: { label: 'Shell', file: 'sh', names: ['sh', 'shell', 'zsh', 'shellscript', 'fish'] },
  bat: { label: 'Batch', file: 'bat', names: ['batch', 'cmd'] },
  c: { label: 'C', file: 'c', names: ['h'] },
  cpp: { label: 'C++', file: 'cpp', names: ['c++', 'cc', 'cxx', 'hpp'] },
  csharp: { label: 'C#', file: 'cs', names: ['c#', 'cs'] },
  css: { label: 'CSS', file: 'css', names: [] },
  csv: { label: 'CSV', file: 'csv', names: [] },
  dart: { label: 'Dart', file: 'dart', names: [] },
  diff: { label: 'Diff', file: 'diff', names: ['patch'] },
  docker: { label: 'Dockerfile', file: 'dockerfile', names: ['dockerfile', 'containerfile'] },
  elixir: { label: 'Elixir', file: 'ex', names: ['ex', 'exs'] },
  erlang: { label: 'Erlang', file: 'erl', names: ['erl'] },
  go: { label: 'Go', file: 'go', names: ['golang'] },
  graphql: { label: 'GraphQL', file: 'graphql', names: ['gql'] },
  haskell: { label: 'Haskell', file: 'hs', names: ['hs'] },
  hcl: { label: 'HCL', file: 'hcl', names: [] },
  html: { label: 'HTML', file: 'html', names: ['htm', 'xhtml'] },
  http: { label: 'HTTP', file: 'http', names: [] },
  ini: { label: 'INI', file: 'ini', names: ['cfg', 'conf', 'properties'] },
  java: { label: 'Java', file: 'java', names: [] },
  javascript: { label: 'JavaScript', file: 'js', names: ['js', 'mjs', 'cjs', 'node'] },
  json: { label: 'JSON', file: 'json', names: [] },
  jsonc: { label: 'JSON', file: 'jsonc', names: ['json5'] },
  jsx: { label: 'JSX', file: 'jsx', names: [] },
  julia: { label: 'Julia', file: 'jl', names: ['jl'] },
  kotlin: { label: 'Kotlin', file: 'kt', names: ['kt', 'kts'] },
  latex: { label: 'LaTeX', file: 'tex', names: ['tex'] },
  lua: { label: 'Lua', file: 'lua', names: [] },
  make: { label: 'Makefile', file: 'mk', names: ['makefile', 'mk'] },
  markdown: { label: 'Markdown', file: 'md', names: ['md'] },
  nginx: { label: 'nginx', file: 'conf', names: [] },
  nix: { label: 'Nix', file: 'nix', names: [] },
  'objective-c': { label: 'Objective-C', file: 'm', names: ['objc', 'objectivec'] },
  perl: { label: 'Perl', file: 'pl', names: ['pl'] },
  php: { label: 'PHP', file: 'php', names: [] },
  powershell: { label: 'PowerShell', file: 'ps1', names: ['ps', 'ps1', 'pwsh'] },
  proto: { label: 'Protocol Buffers', file: 'proto', names: ['protobuf'] },
  python: { label: 'Python', file: 'py', names: ['py', 'python3'] },
  r: { label: 'R', file: 'r', names: [] },
  ruby: { label: 'Ruby', file: 'rb', names: ['rb'] },
  rust: { label: 'Rust', file: 'rs', names: ['rs'] },
  scala: { label: 'Scala', file: 'scala', names: [] },
  scss: { label: 'SCSS', file: 'scss', names: ['sass'] },
  sql: { label: 'SQL', file: 'sql', names: ['postgres', 'postgresql', 'mysql', 'sqlite', 'plsql', 'tsql'] },
  svelte: { label: 'Svelte', file: 'svelte', names: [] },
  swift: { label: 'Swift', file: 'swift', names: [] },
  terraform: { label: 'Terraform', file: 'tf', names: ['tf'] },
  toml: { label: 'TOML', file: 'toml', names: [] },
  tsx: { label: 'TSX', file: 'tsx', names: [] },
  typescript: { label: 'TypeScript', file: 'ts', names: ['ts', 'mts', 'cts'] },
  vue: { label: 'Vue', file: 'vue', names: [] },
  xml: { label: 'XML', file: 'xml', names: ['svg', 'xsl', 'plist'] },
  yaml: { label: 'YAML', file: 'yaml', names: ['yml'] },
  zig: { label: 'Zig', file: 'zig', names: [] },
}

const byName = new Map(Object.entries(known).flatMap(([id, { names }]) => [id, ...names].map((name) => [name, id])))

/** The ids of the languages that can be coloured. */
export const languageIds = Object.keys(known)

/** The id of a language by any of its names, undefined for one that is not coloured. */
export const languageOf = (name: string): string | undefined => byName.get(name.toLowerCase())

// Names of what is not coloured; '' is for text of no language.
const labels: Record<string, string> = { mermaid: 'Mermaid', text: '', txt: '', plain: '', plaintext: '' }

/** What the reader sees as the name of a language, '' for none. */
export const labelOf = (name: string): string => known[languageOf(name) ?? '']?.label ?? labels[name.toLowerCase()] ?? name

// Files that are called by their name and not by their end.
const whole: Record<string, string> = { docker: 'Dockerfile', make: 'Makefile', nginx: 'nginx.conf' }

/**
 * A name for a file with a piece of code: the one that its fence or its first line gives, else one by its
 * language. Folders, and what a system would not take, are left out.
 */
export function fileName(info: string, text: string): string {
  const id = languageOf(nameIn(info)) ?? ''
  const first = text.slice(0, 200).split('\n', 1)[0] ?? ''
  const told =
    /(?:title|file|filename|name|path)=["']?([^"'\s{}]+)/i.exec(info)?.[1] ??
    /^[\w+#.-]+[:\s]([\w./\\-]+\.\w{1,10})$/.exec(info)?.[1] ??
    /^(?:\/\/|#|--|;|%|\/\*|<!--)\s*(?:file(?:name)?:\s*)?([\w./\\-]*[\w-]\.\w{1,10})\s*(?:\*\/|-->)?$/i.exec(first)?.[1]
  const name = told?.split(/[\\/]/).at(-1)?.replace(/^\.+/, '')
  return name || (whole[id] ?? `code.${known[id]?.file ?? 'txt'}`)
}

/** The name of the language in what stands behind a fence's mark: `js title="a.js"`, `{.python}`, `ts:a.ts`. */
export const nameIn = (info: string): string => /^\{?\.?([\w+#-]+)/.exec(info.trim())?.[1] ?? ''
