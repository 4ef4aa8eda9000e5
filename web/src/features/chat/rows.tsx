import { useQueryClient } from '@tanstack/react-query'
import { memo, useDeferredValue, useMemo } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Message, Model } from '@/api/types'
import { useRoomForTwo } from '@/kit/media'
import { AnswerRow } from './AnswerRow'
import { PendingAnswer } from './AnswerState'
import type { Ask } from './asker'
import { chooseLeaf } from './data'
import { PairRow, type Side } from './PairRow'
import { closePair, type Pair } from './pairs'
import { QuestionRow } from './QuestionRow'
import { Stretch, type Speakers } from './Stretch'
import { newestLeaf, placeOf, type Place, type Tree } from './tree'

interface Common {
  models: Model[]
  model?: string
  canAsk: boolean
  onAsk: (ask: Ask) => Promise<void>
  onShow: (id: string) => void
}

interface RowProps extends Common {
  message: Message
  place: Place
  last: boolean
  marked: boolean
}

// A message with what can be done with it. It is drawn again only when it, or its place, has changed.
const MessageRow = memo(function MessageRow({ models, model, canAsk, onAsk, onShow, message: m, place, last, marked }: RowProps) {
  const row = { message: m, place, canAsk, marked, onShow }
  const parent = m.parent_id ?? ''
  return (
    <div className="row">
      {m.role === 'user' ? (
        <QuestionRow {...row} onEdit={(text) => void onAsk({ parent, text, model })} />
      ) : (
        <AnswerRow
          {...row}
          models={models}
          last={last}
          onAgain={(other) => void onAsk({ parent, model: other ?? model })}
          onGoOn={() => void onAsk({ parent, goOn: m })}
        />
      )}
    </div>
  )
}, sameRow)

function sameRow(a: RowProps, b: RowProps): boolean {
  const { place: before, ...rest } = a
  const { place: now, ...next } = b
  return same(before, now) && same(rest, next)
}

const same = <T extends object>(x: T, y: T) => (Object.keys(y) as (keyof T)[]).every((key) => x[key] === y[key])

interface RowsProps extends Common {
  tree: Tree
  rows: readonly Message[]
  /** The last message of the branch, when nothing is being asked. */
  last?: string
  focus?: string
}

// How many messages are a stretch, how many of the last messages are drawn at once at least, and how many stretches are
// there at once: more than a screen of them, drawn or not.
const together = 8
const first = 6
const there = 8

/** The messages of a branch, one below the other. */
export const Rows = memo(function Rows({ rows, focus, ...common }: RowsProps) {
  const { t } = useTranslation()
  const speakers = useMemo(() => ({ you: t('chat.you'), parley: t('chat.parley') }), [t])
  // What came before follows when the page has time, unless it is what the reader came for.
  const all = useDeferredValue(true, false) || focus !== undefined
  const stretches = useMemo(() => chunks(rows, together), [rows])
  const at = focus ? stretches.findIndex((s) => s.some((m) => m.id === focus)) : -1
  return stretches.map((messages, i) => {
    if (!all && i < stretches.length - there) return null
    return (
      <MessageStretch
        key={messages[0]?.id}
        {...common}
        messages={messages}
        focus={i === at ? focus : undefined}
        drawn={rows.length - (i + 1) * together < first || i === at}
        speakers={speakers}
      />
    )
  })
})

interface StretchProps extends Omit<RowsProps, 'rows'> {
  messages: readonly Message[]
  drawn: boolean
  speakers: Speakers
}

const MessageStretch = memo(function MessageStretch({ messages, tree, last, focus, drawn, speakers, ...common }: StretchProps) {
  return (
    <Stretch messages={messages} drawn={drawn} speakers={speakers}>
      {() => messages.map((m) => <MessageRow key={m.id} {...common} message={m} place={placeOf(tree, m.id)} last={m.id === last} marked={m.id === focus} />)}
    </Stretch>
  )
}, sameStretch)

function sameStretch(a: StretchProps, b: StretchProps): boolean {
  // Once drawn, it stays drawn. Which message is the last concerns the stretch that has it.
  const { messages: before, drawn: _a, last: was, ...rest } = a
  const { messages: now, drawn: _b, last: is, ...next } = b
  const lastIn = (list: readonly Message[], id?: string) => (list.at(-1)?.id === id ? id : undefined)
  return before.length === now.length && same(before, now) && lastIn(before, was) === lastIn(now, is) && same(rest, next)
}

/** Parts of a list, each as long as given but the last. */
function chunks<T>(list: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length))
}

const alone = { n: 1, total: 1 }

/** Two answers to the last question. */
export function PairedRow({ tree, models, canAsk, onAsk, pair }: Common & { tree: Tree; pair: Pair }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const wide = useRoomForTwo()
  const side = (id: string): Side => {
    const m = tree.byId.get(id)
    const row = m ? (
      <AnswerRow
        message={m}
        place={alone}
        models={models}
        last
        canAsk={canAsk}
        marked={false}
        onShow={() => {}}
        onAgain={(other) => {
          closePair(pair.question)
          void onAsk({ parent: pair.question, model: other ?? m.model })
        }}
        onGoOn={() => {
          closePair(pair.question)
          void onAsk({ parent: pair.question, goOn: m })
        }}
      />
    ) : (
      <PendingAnswer ticket={id} />
    )
    return { id, model: m?.model ?? t('chat.model'), done: m !== undefined && m.status !== 'streaming', row }
  }
  const keep = (id: string) => {
    closePair(pair.question)
    const m = tree.byId.get(id)
    if (m) void chooseLeaf(client, m.conversation_id, newestLeaf(tree, id))
  }
  return (
    <div className="mx-auto w-full max-w-[86rem] px-4 py-1.5 sm:px-6">
      <PairRow left={side(pair.left)} right={side(pair.right)} wide={wide} canAsk={canAsk} onKeep={keep} />
    </div>
  )
}
