import { memo, useEffect, useMemo, useState, type ReactNode } from 'react'
import { whenIdle } from '../idle'
import type { Line } from './colours'
import { highlight, known } from './highlight'
import { kinds } from './theme'

// Lines that are drawn and coloured together: few enough to take no time, many enough to be few.
const together = 40

interface Props {
  text: string
  /** The language to colour the text by, once it is known not to change any more. */
  language?: string
}

/**
 * Code, plain at first and then coloured from its top. Colours change neither size nor place. A growing text is
 * drawn anew only at its end.
 */
export function CodeText({ text, language }: Props) {
  const parts = useMemo(() => split(text), [text])
  const { lines, done } = useColours(text, language, parts.length)
  return parts.map((part, i) => <Part key={i} text={part} lines={i < done ? lines : undefined} from={i * together} />)
}

function useColours(text: string, language: string | undefined, parts: number): { lines?: Line[]; done: number } {
  const before = language ? known(text, language) : undefined
  const [found, setFound] = useState<{ text: string; lines: Line[] }>()
  const [done, setDone] = useState(0)
  useEffect(() => {
    if (!language || before) return
    return highlight(text, language, (lines) => {
      setFound({ text, lines })
      setDone(0)
    })
    // What is known by now came from here.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text, language])
  const lines = found?.text === text ? found.lines : undefined
  useEffect(() => {
    if (lines && done < parts) return whenIdle(() => setDone(done + 1))
  }, [lines, done, parts])
  if (lines) return { lines, done }
  return { lines: before, done: before ? parts : 0 }
}

const Part = memo(
  function Part({ text, lines, from }: { text: string; lines?: Line[]; from: number }) {
    return lines ? paint(text, lines, from) : text
  },
  (a, b) => a.text === b.text && a.lines === b.lines,
)

function paint(text: string, lines: Line[], from: number): ReactNode[] {
  const out: ReactNode[] = []
  let at = 0
  let plain = 0
  for (let i = from; at < text.length; i++) {
    for (let j = 0, line = lines[i] ?? []; j < line.length; j += 2) {
      const end = at + (line[j] ?? 0)
      const kind = kinds[(line[j + 1] ?? 0) - 1]
      if (kind) {
        if (plain < at) out.push(text.slice(plain, at))
        out.push(
          <span key={at} className={`code-${kind}`}>
            {text.slice(at, end)}
          </span>,
        )
        plain = end
      }
      at = end
    }
    at = text.indexOf('\n', at) + 1 || text.length
  }
  if (plain < text.length) out.push(text.slice(plain))
  return out
}

function split(text: string): string[] {
  const parts: string[] = []
  let from = 0
  let at = 0
  for (let n = 1; ; n++) {
    at = text.indexOf('\n', at) + 1
    if (at === 0) break
    if (n % together === 0) {
      parts.push(text.slice(from, at))
      from = at
    }
  }
  parts.push(text.slice(from))
  return parts
}
