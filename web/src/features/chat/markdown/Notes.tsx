import { CornerLeftUp } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { BlockView } from './BlockView'
import { visit } from './NoteMark'
import { parseBlocks, type Shared } from './parse/parser'

/** The footnotes under a text. */
export function Notes({ notes, shared }: { notes: { name: string; text: string }[]; shared: Shared }) {
  const { t } = useTranslation()
  return (
    <div role="group" aria-label={t('markdown.notes')} dir="auto" className="notes">
      <ol>
        {notes.map(({ name, text }, i) => (
          <li key={name} data-note={i + 1} tabIndex={-1}>
            <Note text={text} shared={shared} />
            <button type="button" aria-label={t('markdown.noteBack', { n: i + 1 })} onClick={(e) => visit(e.currentTarget, `[data-note-mark="${i + 1}"]`)} className="note-back">
              <CornerLeftUp aria-hidden="true" className="size-3.5" />
            </button>
          </li>
        ))}
      </ol>
    </div>
  )
}

function Note({ text, shared }: { text: string; shared: Shared }) {
  const tokens = useMemo(() => parseBlocks(text), [text])
  return <BlockView tokens={tokens} shared={shared} final />
}
