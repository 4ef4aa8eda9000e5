import Markdown from './Markdown'
import { Reasoning } from './Reasoning'
import { partReasoning } from './reasoning'

export interface AnswerProps {
  text: string
  /** The text may go on, or ended before its end. */
  open?: boolean
  /** What the model thought, where the server tells it apart from the text. */
  reasoning?: string
  /** How long it thought, where that is known. */
  seconds?: number
}

/** An answer with what was thought before it. */
export default function Drawn({ text, open = false, reasoning, seconds }: AnswerProps) {
  const parted = partReasoning(text, open)
  const thought = reasoning ?? parted.reasoning
  const answer = parted.answer
  const thinking = open && (reasoning === undefined ? parted.thinking : answer === '')
  return (
    <>
      {thought !== undefined && <Reasoning text={thought} thinking={thinking} seconds={seconds} />}
      {answer && <Markdown text={answer} open={open} />}
    </>
  )
}
