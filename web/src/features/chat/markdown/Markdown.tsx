import { memo, useMemo, useState } from 'react'
import ReactMarkdown from 'react-markdown'
import remarkGfm from 'remark-gfm'
import remend from 'remend'
import { createSplitter } from './blocks'
import { elements } from './elements'

const plugins = [remarkGfm]

interface Props {
  text: string
  /** The text stops before its end, for now or for good: what is open (bold, a link, a fence) is closed. */
  open?: boolean
}

/**
 * Shows Markdown. HTML in it is shown as text and never becomes elements. Each block is drawn once, so
 * that a growing answer draws only its end, and nothing before it flickers.
 */
export default function Markdown({ text, open = false }: Props) {
  const [split] = useState(createSplitter)
  const blocks = useMemo(() => split(text), [split, text])
  return (
    <div className="prose">
      {blocks.map((block, i) => (
        <Block key={i} text={open && i === blocks.length - 1 ? remend(block) : block} />
      ))}
    </div>
  )
}

const Block = memo(function Block({ text }: { text: string }) {
  return (
    <div className="block">
      {/* The elements judge every address themselves. */}
      <ReactMarkdown remarkPlugins={plugins} components={elements} urlTransform={(url) => url}>
        {text}
      </ReactMarkdown>
    </div>
  )
})
