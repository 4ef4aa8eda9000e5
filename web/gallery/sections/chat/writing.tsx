import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Status } from '@/api/types'
import { useAttachments } from '@/features/chat/attachments'
import { ChatHeader } from '@/features/chat/ChatHeader'
import { Composer } from '@/features/chat/Composer'
import { writeDraft } from '@/features/chat/drafts'
import { FileChip } from '@/features/chat/FileChip'
import { ModelFactsLine } from '@/features/chat/ModelFactsLine'
import { ModelPicker } from '@/features/chat/ModelPicker'
import { QueueChips } from '@/features/chat/QueueChips'
import { StatusBanner } from '@/features/chat/StatusBanner'
import { Suggestions, type Suggestion } from '@/features/chat/Suggestions'
import { Welcome } from '@/features/chat/Welcome'
import { useListbox } from '@/kit/useListbox'
import { conversation, files, me, models, prompts, viewer } from '../../data'
import { Case, long, nothing, State, type Section } from '../../section'

const pen = { models, onSend: nothing, onStop: nothing }

// Composers take the focus as they come. Here none of them is meant, and the page stays where it is.
function useNoFocus() {
  useEffect(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    scrollTo(0, 0)
  }, [])
}

function Composers() {
  useState(() => {
    for (const key of ['draft', 'going', 'drafted']) writeDraft(`gallery-${key}`, 'What makes the tides?')
    writeDraft('gallery-long', `${long}\n\n${long}`)
  })
  const { add } = useAttachments('gallery-files')
  const [files] = useState(() => [new File(['day,high,low'], 'tides.csv'), new File(['# Tides'], 'notes.md'), new File([''], 'empty.txt')])
  useEffect(() => void add(files), [files]) // eslint-disable-line react-hooks/exhaustive-deps -- once
  useNoFocus()
  return (
    <>
      <Case name="empty">
        <Composer {...pen} draftKey="gallery-empty" />
      </Case>
      <Case name="with a draft">
        <Composer {...pen} draftKey="gallery-draft" />
      </Case>
      <Case name="with the focus">
        <State at="textarea" look="focus">
          <Composer {...pen} draftKey="gallery-focus" />
        </State>
      </Case>
      <Case name="while an answer comes">
        <Composer {...pen} draftKey="gallery-busy" active="none" />
      </Case>
      <Case name="a message to queue">
        <Composer {...pen} draftKey="gallery-going" active="none" />
      </Case>
      <Case name="temporary">
        <Composer {...pen} draftKey="gallery-temporary" temporary />
      </Case>
      <Case name="with files">
        <Composer {...pen} draftKey="gallery-files" />
      </Case>
      <Case name="long text">
        <Composer {...pen} draftKey="gallery-long" />
      </Case>
      <Case name="closed">
        <Composer {...pen} draftKey="gallery-closed" disabled />
      </Case>
    </>
  )
}

function Offers({ items, label }: { items: Suggestion[]; label: string }) {
  const list = useListbox(items.length, nothing)
  return (
    <div className="pt-56">
      <div className="relative">
        <Suggestions items={items} list={list} label={label} onChoose={nothing} />
      </div>
    </div>
  )
}

function Picking() {
  const [model, setModel] = useState(models[0]?.id)
  const [beside, setBeside] = useState<string>()
  return (
    <>
      <Case name="one model">
        <State at="button" opens="dialog">
          <ModelPicker models={models} model={model} beside={beside} onModel={setModel} onBeside={setBeside} />
        </State>
      </Case>
      <Case name="two models">
        <State at="button" opens="dialog">
          <ModelPicker models={models} model="harbour-7b" beside="pilot-135m" onModel={nothing} onBeside={nothing} />
        </State>
      </Case>
    </>
  )
}

const queue = [
  { id: '1', text: 'And how often?' },
  { id: '2', text: long },
]
const queueing = { queue, onSend: nothing, onEdit: nothing, onRemove: nothing }

// The status of a server, as if it had told it.
function Server({ chat, who = me, problem = null }: { chat: Status['chat']; who?: typeof me; problem?: string | null }) {
  const [client] = useState(() => {
    const own = new QueryClient({ defaultOptions: { queries: { enabled: false } } })
    own.setQueryData(['status'], { chat, version: '1.0.0' })
    return own
  })
  return (
    <QueryClientProvider client={client}>
      <StatusBanner me={who} problem={problem} onDismiss={nothing} />
    </QueryClientProvider>
  )
}

const head = { models, model: 'harbour-7b', onModel: nothing, onBeside: nothing, onShare: nothing }

export const writing: Section[] = [
  { of: { Composer }, Cases: Composers },
  {
    of: { FileChip },
    Cases: () => (
      <>
        {files.map((file) => (
          <Case key={file.name} name={file.name.length > 20 ? 'a long name' : 'that can be removed'}>
            <FileChip file={file} onRemove={nothing} />
          </Case>
        ))}
      </>
    ),
  },
  {
    of: { QueueChips },
    Cases: () => (
      <>
        <Case name="waiting">
          <QueueChips {...queueing} idle={false} />
        </Case>
        <Case name="held after a stop">
          <QueueChips {...queueing} idle />
        </Case>
      </>
    ),
  },
  {
    of: { Suggestions },
    Cases: () => (
      <>
        <Case name="prompts">
          <Offers label="Prompts" items={[...prompts.map((prompt) => ({ kind: 'prompt' as const, prompt })), { kind: 'manage' }]} />
        </Case>
        <Case name="models">
          <Offers label="Models" items={models.map((model) => ({ kind: 'model' as const, model }))} />
        </Case>
      </>
    ),
  },
  { of: { ModelPicker }, Cases: Picking },
  {
    of: { ModelFactsLine },
    Cases: () => (
      <>
        {models.map((m) => (
          <Case key={m.id} name={m.id}>
            <ModelFactsLine facts={m.parley} />
          </Case>
        ))}
      </>
    ),
  },
  {
    of: { Welcome },
    Cases: () => (
      <>
        <Case name="a new chat">
          <Welcome name="Grace Hopper" temporary={false} />
        </Case>
        <Case name="a temporary one">
          <Welcome name="Grace Hopper" temporary />
        </Case>
      </>
    ),
  },
  {
    of: { StatusBanner },
    Cases: () => (
      <>
        <Case name="no model">
          <Server chat={{ ready: false, fix: 'parley model pull harbour-7b' }} />
        </Case>
        <Case name="who may only read">
          <Server chat={{ ready: true }} who={viewer} />
        </Case>
        <Case name="a refusal">
          <Server chat={{ ready: true }} problem="The model is busy. Try again in a minute." />
        </Case>
      </>
    ),
  },
  // Last, since it brings the first heading of a page.
  {
    of: { ChatHeader },
    Cases: () => (
      <>
        <Case name="a new chat" wide>
          <ChatHeader {...head} title="" temporary={false} onTemporary={nothing} />
        </Case>
        <Case name="a chat, without the sidebar" wide>
          <ChatHeader {...head} conversation={conversation('Tides')} title={long} temporary={false} onOpenSidebar={nothing} />
        </Case>
        <Case name="a temporary chat, two models" wide>
          <ChatHeader {...head} title="" beside="pilot-135m" temporary onTemporary={nothing} />
        </Case>
      </>
    ),
  },
]
