import { useQueryClient } from '@tanstack/react-query'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message, Model } from '@/api/types'
import { useRoomForTwo } from '@/kit/media'
import { AnswerRow } from './AnswerRow'
import { PendingAnswer } from './AnswerState'
import type { Ask } from './asker'
import { chooseLeaf } from './data'
import { PairRow, type Side } from './PairRow'
import { closePair, type Pair } from './pairs'
import { QuestionRow } from './QuestionRow'
import { newestLeaf, type Place, type Tree } from './tree'

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

/** A message with what can be done with it. It is drawn again only when it, or its place, has changed. */
export const MessageRow = memo(function MessageRow({ models, model, canAsk, onAsk, onShow, message: m, place, last, marked }: RowProps) {
  const row = { message: m, place, canAsk, marked, onShow }
  const parent = m.parent_id ?? ''
  return m.role === 'user' ? (
    <QuestionRow {...row} onEdit={(text) => void onAsk({ parent, text, model })} />
  ) : (
    <AnswerRow
      {...row}
      models={models}
      last={last}
      onAgain={(other) => void onAsk({ parent, model: other ?? model })}
      onGoOn={() => void onAsk({ parent, model: m.model, goOn: m })}
    />
  )
}, sameRow)

function sameRow(a: RowProps, b: RowProps): boolean {
  const { place: before, ...rest } = a
  const { place: now, ...next } = b
  const same = <T extends object>(x: T, y: T) => (Object.keys(y) as (keyof T)[]).every((key) => x[key] === y[key])
  return same(before, now) && same(rest, next)
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
          void onAsk({ parent: pair.question, model: m.model, goOn: m })
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
