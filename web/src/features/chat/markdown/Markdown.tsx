import { memo, useDeferredValue, useMemo, useState } from 'react'
import remend from 'remend'
import { BlockView } from './BlockView'
import { NoteNumbers } from './NoteMark'
import { Notes } from './Notes'
import { createSplitter, type Block } from './parse/blocks'
import { parseBlocks, type Shared } from './parse/parser'
import { PlainText } from './PlainText'
import { Stumble } from './Stumble'

interface Props {
  text: string
  /** The text stops before its end, for now or for good: what is open (bold, a link, a fence) is closed. */
  open?: boolean
}

// What is drawn of a finished text at once. The rest follows in pieces that leave the page free.
const first = 24

// Beyond this an unfinished end stays as it is: to mend it takes longer the longer it is.
const mended = 6_000

/**
 * Shows Markdown. HTML in it is shown as text and never becomes elements. Each block is drawn once, so
 * that a growing answer draws only its end, and nothing before it flickers.
 */
export default function Markdown({ text, open = false }: Props) {
  const [split] = useState(createSplitter)
  const { blocks, notes, shared } = useMemo(() => split(text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text), [split, text])
  const late = useDeferredValue(blocks, blocks.slice(0, first))
  const drawn = open ? blocks : late
  return (
    <NoteNumbers value={shared.notes}>
      <div className="prose">
        {drawn.map((block, i) => (
          <BlockRow key={i} block={block} shared={shared} open={open && i === blocks.length - 1} end={i === drawn.length - 1 && notes.length === 0} />
        ))}
        {notes.length > 0 && drawn.length >= blocks.length && <Notes notes={notes} shared={shared} />}
      </div>
    </NoteNumbers>
  )
}

interface RowProps {
  block: Block
  shared: Shared
  open: boolean
  /** Nothing comes after it. */
  end: boolean
}

const BlockRow = memo(
  function BlockRow({ block, shared, open, end }: RowProps) {
    const { source, plain } = block
    const tokens = useMemo(() => {
      const mend = open && !plain && source.length < mended && block.tokens[0]?.type !== 'fence'
      const whole = mend ? remend(source, { katex: false }) : source
      return whole === source ? block.tokens : parseBlocks(whole)
    }, [block, source, plain, open])
    return (
      <div className={end ? 'block end' : 'block'} dir="auto">
        <Stumble instead={<PlainText text={source} />}>
          {plain ? <PlainText text={source} /> : <BlockView tokens={tokens} shared={shared} final={!open} />}
        </Stumble>
      </div>
    )
  },
  (a, b) => a.block.source === b.block.source && a.block.plain === b.block.plain && a.open === b.open && a.end === b.end && (a.shared === b.shared || !a.block.source.includes('[')),
)
