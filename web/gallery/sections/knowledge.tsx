import { useState } from 'react'
import { BaseForm } from '@/features/knowledge/BaseForm'
import { Checked } from '@/features/knowledge/Checked'
import { CiteMark } from '@/features/knowledge/CiteMark'
import { FileRow } from '@/features/knowledge/FileRow'
import { Files } from '@/features/knowledge/Files'
import { KnowledgeDialog } from '@/features/knowledge/KnowledgeDialog'
import { KnowledgeChip, KnowledgeMenu } from '@/features/knowledge/KnowledgeMenu'
import { SourceDialog } from '@/features/knowledge/SourceDialog'
import { Sourced } from '@/features/knowledge/Sources'
import Markdown from '@/features/chat/markdown/Markdown'
import type { KnowledgeChoice } from '@/features/knowledge/choice'
import { WhyDialog } from '@/features/knowledge/WhyDialog'
import { WhySteps } from '@/features/knowledge/WhySteps'
import { Button } from '@/kit/Button'
import { me } from '../data'
import { at, empty, explained, file, harbour, source } from '../documents'
import { Case, long, nothing, State, unbroken, type Section } from '../section'

const judged = 'Ships over eighty metres need a pilot. The pilot is always called Ada.'
const claim = (start: number, end: number, supported: boolean) => ({ start, end, cites: ['S1'], support: supported ? 0.8 : 0.2, supported, source: 'S1' })

function Cited({ text }: { text: string }) {
  return (
    <Sourced sources={[source('S1'), source('S2', { filename: 'fees.pdf', title: '', page: 7 }), source('S3', { cited: false })]} text={text}>
      <div className="prose">
        <Markdown text={text} />
      </div>
    </Sourced>
  )
}

function Chosen() {
  const [choice, setChoice] = useState<KnowledgeChoice>()
  return (
    <Case name={choice ? `chosen: ${choice.name}` : 'nothing is chosen'}>
      <State at="button" opens="menu">
        <KnowledgeMenu choice={choice} onChoose={setChoice} onManage={nothing} />
      </State>
    </Case>
  )
}

function Whole() {
  const [open, setOpen] = useState(false)
  return (
    <Case name="knowledge bases">
      <Button data-opens="dialog" onClick={() => setOpen(true)}>
        Open
      </Button>
      {open && <KnowledgeDialog me={me} onClose={() => setOpen(false)} />}
    </Case>
  )
}

function Asked() {
  const [open, setOpen] = useState(false)
  return (
    <Case name="before a question">
      <Button data-opens="dialog" onClick={() => setOpen(true)}>
        Open
      </Button>
      {open && <WhyDialog file={file('rules.md')} onClose={() => setOpen(false)} />}
    </Case>
  )
}

function Opened() {
  const [open, setOpen] = useState(false)
  return (
    <Case name="at its place">
      <Button data-opens="dialog" onClick={() => setOpen(true)}>
        Open
      </Button>
      {open && <SourceDialog source={source('S1')} onClose={() => setOpen(false)} />}
    </Case>
  )
}

const refused = { state: 'failed', status: 'failed', last_error: { code: 'unsupported_file', kind: 'unsupported', message: 'the old formats of Office are not read: save the file as .xlsx' } } as const
const going = { status: 'in_progress' } as const

export const knowledge: Section[] = [
  { of: { KnowledgeMenu }, Cases: Chosen },
  {
    of: { KnowledgeChip },
    Cases: () => (
      <>
        <Case name="a base">
          <KnowledgeChip choice={{ id: harbour.id, name: harbour.name }} onRemove={nothing} />
        </Case>
        <Case name="long name">
          <KnowledgeChip choice={{ id: 'vs_4', name: unbroken }} onRemove={nothing} />
        </Case>
      </>
    ),
  },
  {
    of: { Sourced, CiteMark },
    Cases: () => (
      <>
        <Case name="what the answer rests on">
          <Cited text="Ships over eighty metres need a pilot [S1]. It is paid for by the hour [S1, S2], and there is no [S7]." />
        </Case>
        <Case name="the nearest, of which none answers">
          <Sourced sources={[source('S1', { cited: false }), source('S2', { cited: false, title: unbroken, page: 112 })]} text="">
            <p>I found nothing about this in the documents that you may read.</p>
          </Sourced>
        </Case>
      </>
    ),
  },
  {
    of: { Checked },
    Cases: () => (
      <>
        <Case name="supported">
          <Checked text="" grounding={{ hallucination_score: 0, claims: [claim(0, 1, true), claim(1, 2, true)] }} />
        </Case>
        <Case name="in part">
          <Checked text={judged} grounding={{ hallucination_score: 0.5, claims: [claim(0, 38, true), claim(39, judged.length, false)] }} />
        </Case>
      </>
    ),
  },
  {
    of: { WhySteps },
    Cases: () => (
      <>
        <Case name="found">
          <WhySteps explained={explained} />
        </Case>
        <Case name="others fit better">
          <WhySteps explained={{ ...explained, verdict: 'others_were', by_words: at(0, 12), by_meaning: at(81, 2000), ranked: at(64, 140) }} />
        </Case>
        <Case name="cannot be read">
          <WhySteps explained={{ ...explained, verdict: 'not_ready', state: 'failed', by_words: at(0, 12), by_meaning: at(0, 2000), ranked: at(0, 140), best_passage: null }} />
        </Case>
      </>
    ),
  },
  { of: { WhyDialog }, Cases: Asked },
  { of: { SourceDialog }, Cases: Opened },
  { of: { KnowledgeDialog }, Cases: Whole },
  {
    of: { FileRow },
    Cases: () => (
      <>
        {[
          { name: 'waits', files: [file('waits.docx', { ...going, state: 'queued' }), file('waits for a model.docx', { ...going, state: 'embedding', last_error: { code: 'server_error', kind: 'no_model', message: 'there is no embedding model' } })] },
          { name: 'is read', files: [file('being read.pptx', { ...going, state: 'extracting' }), file('half way.pdf', { ...going, state: 'embedding', passages: 40, passages_done: 17 })] },
          { name: 'ready, or refused', files: [file('fees.pdf', { pages: 12, passages: 40 }), file('old.xls', refused)] },
        ].map(({ name, files }) => (
          <Case key={name} name={name}>
            <ul className="divide-y divide-line rounded-md border border-line">
              {files.map((f) => (
                <FileRow key={f.id} base={harbour.id} file={f} mayWrite />
              ))}
            </ul>
          </Case>
        ))}
        <Case name="only to be read, long name">
          <ul className="rounded-md border border-line">
            <FileRow base={harbour.id} file={file(`${unbroken}.pdf`, { passages: 1 })} mayWrite={false} />
          </ul>
        </Case>
      </>
    ),
  },
  {
    of: { Files },
    Cases: () => (
      <>
        <Case name="some">
          <Files base={harbour} mayWrite onEdit={nothing} />
        </Case>
        <Case name="none yet">
          <Files base={empty} mayWrite onEdit={nothing} />
        </Case>
        <Case name="none, and only to be read">
          <Files base={{ ...empty, description: long, may_own: false }} mayWrite={false} onEdit={nothing} />
        </Case>
      </>
    ),
  },
  {
    of: { BaseForm },
    Cases: () => (
      <>
        <Case name="a new one">
          <BaseForm onDone={nothing} />
        </Case>
        <Case name="one that everyone may read">
          <BaseForm base={{ ...harbour, grants: [{ kind: 'everyone', access: 'read' }] }} onDone={nothing} onDeleted={nothing} />
        </Case>
      </>
    ),
  },
]
