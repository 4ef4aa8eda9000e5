// Answers that show what the page can draw, and the long one of the measurements.

const fence = (language, text) => `\`\`\`${language}\n${text}\n\`\`\`\n`

const typescript = `// cache.ts
import { readFile } from 'node:fs/promises'

export interface Entry<T> {
  value: T
  expires: number // milliseconds since 1970
}

/** Keeps what was read lately. */
export class Cache<T> extends Map<string, Entry<T>> {
  constructor(private readonly ttl = 60_000, readonly label = "files") {
    super()
  }

  async load(path: string, parse: (text: string) => T): Promise<T | undefined> {
    const hit = this.get(path)
    if (hit !== undefined && hit.expires > Date.now()) return hit.value
    const value = parse(await readFile(path, 'utf8'))
    this.set(path, { value, expires: Date.now() + this.ttl })
    return \`\${this.label}: \${value}\` ? value : undefined // a very long comment that goes on and on, past every sensible margin of the window
  }
}`

const python = `from dataclasses import dataclass

@dataclass(frozen=True)
class Point:
    """A point in the plane."""
    x: float = 0.0
    y: float = 0.0

    def scaled(self, by: float) -> "Point":
        return Point(self.x * by, self.y * by)  # a new one

print([Point(n, n ** 2).scaled(1e-3) for n in range(10) if n % 2 == 0])`

const sql = `SELECT u.name, count(*) AS answers, avg(m.tokens)::int
FROM users u JOIN messages m ON m.user_id = u.id
WHERE m.created_at > now() - interval '7 days' AND m.role = 'assistant'
GROUP BY u.name HAVING count(*) > 10
ORDER BY answers DESC LIMIT 20;`

const diff = `--- a/config.yaml
+++ b/config.yaml
@@ -1,4 +1,4 @@
 server:
-  port: 8080
+  port: 9090
   host: 127.0.0.1`

const flow = `flowchart LR
  A[Browser] -->|question| B(Edge)
  B --> C{Cached?}
  C -- yes --> D[(Store)]
  C -- no --> E[Engine]
  E --> D
  D -->|answer| A`

const sequence = `sequenceDiagram
  participant B as Browser
  participant P as Parley
  participant E as Engine
  B->>P: POST /v1/chat.completions
  activate P
  P->>E: prompt
  loop each token
    E-->>P: piece
    P-->>B: event
  end
  deactivate P
  Note over B,P: The stream can be resumed`

const table = `| Store | Writers | Set-up | Cost a month | Notes |
|:---|---:|:---:|---:|---|
| **SQLite** | 1 | none | €0 | One file; \`WAL\` lets readers go on while one writes |
| PostgreSQL | many | a server | €15 | Replicas, \`pg_dump\`, [extensions](https://www.postgresql.org/) |
| MySQL | many | a server | €15 | ~~No transactional DDL~~ Some of it since version 8 |
`

export const everything = `# A tour of what can be drawn

Some **bold**, *italic*, ***both***, ~~struck~~ and \`inline code\`, a [link](https://example.com/page), a footnote[^1] and another one[^second]. Prices such as $5 and $10, or US$20, stay as they are.

## Lists

1. First, with a very long word: Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft
2. Second
   - nested, with \`code\`
     - and deeper
       1. numbered
       2. again
   - back

     with a paragraph of its own
3. Third

- [x] Write the code
- [x] Look at it
- [ ] Ship it
  - [ ] to the phone as well

### A table

${table}
#### Code

${fence('ts', typescript)}
${fence('python', python)}
${fence('sql', sql)}
${fence('diff', diff)}
${fence('', 'no language here')}
##### Formulas

The roots of $ax^2 + bx + c = 0$ are

$$
x_{1,2} = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}
$$

and with other marks \\(e^{i\\pi} + 1 = 0\\), or

\\[
\\int_{-\\infty}^{\\infty} e^{-x^2}\\,dx = \\sqrt{\\pi}, \\qquad
A = \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}, \\qquad \\sum_{n=1}^{\\infty} \\frac{1}{n^2} = \\frac{\\pi^2}{6}
\\]

A wrong one: $\\frac{1}{$ and $\\nosuchcommand{x}$ stay.

###### Quotes and rules

> A quote with **weight**.
>
> > And one inside, with a list:
> >
> > - one
> > - two

---

[^1]: The first note, with \`code\` and a [link](https://example.com).
[^second]: The second note is longer, so that it takes more than a line on a phone and perhaps even on a desk.
`

export const formulas = `Gauss found that $\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}$, so for $n = 100$ the sum is $5050$.

$$
\\nabla \\times \\mathbf{E} = -\\frac{\\partial \\mathbf{B}}{\\partial t}
$$

It costs $5 and $10.
`

export const diagrams = `The path of a question:

${fence('mermaid', flow)}
In time:

${fence('mermaid', sequence)}
And one that cannot be drawn:

${fence('mermaid', 'flowchart LR\n  A -->')}
`

export const thought = `<think>
The reader asks for the larger of two numbers. **9.11** has more digits, but 9.9 is larger:

- 9.9 = 9.90
- 9.90 > 9.11
</think>

**9.9** is larger than 9.11.
`

const section = (n) => `## Part ${n}: how the pieces fit

A turn begins with a **question** and ends with a *saved* answer. What lies between is a queue, a gate and an engine; see \`internal/serving\` and [the notes](https://example.com/notes/${n}). None of it blocks the reader, who may leave and come back, from another device too.

1. The request is checked and given a number, ${n}.
2. It waits for a slot, at most ${n * 3} seconds.
3. Each piece becomes an event:
   - it is kept in the log,
   - it is sent to whoever listens.

| Step | Where | Median | 95th | Remarks |
|---|---|---:|---:|---|
${Array.from({ length: 8 }, (_, i) => `| ${n}.${i} | \`stage_${i}\` | ${i * 3 + n} ms | ${i * 9 + n} ms | kept for **${i + 1}** days |`).join('\n')}

${fence(['go', 'python', 'ts', 'sql'][n % 4], [`package turn

// Follow tells a reader every event of turn ${n} from \`after\` on.
func (t *Turn) Follow(ctx context.Context, after int, tell func(Event) error) error {
	for i := after; ; i++ {
		event, ok := t.wait(ctx, i)
		if !ok {
			return ctx.Err()
		}
		if err := tell(event); err != nil {
			return fmt.Errorf("tell event %d: %w", i, err)
		}
	}
}`, python, typescript, sql][n % 4])}`

/** About 8,000 tokens with code and tables. */
export const manual = Array.from({ length: 22 }, (_, i) => section(i + 1)).join('\n')
