import { ArrowDown } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '@/api/types'
import { IconButton } from '@/kit/IconButton'
import { Skeleton } from '@/kit/Skeleton'
import { AnswerRow, PendingAnswer } from './AnswerRow'
import { QuestionRow, Said } from './QuestionRow'
import { placeOf, type Tree } from './tree'
import type { Pending } from './useAsking'
import { useStickToBottom } from './useStickToBottom'

interface Props {
  tree: Tree
  path: Message[]
  pending: Pending | null
  focus?: string
  canAsk: boolean
  model?: string
  onAsk: (ask: { parent: string; text?: string; model?: string }) => Promise<void>
  /** Shows the branch of a message. */
  onShow: (id: string) => void
}

export function Thread({ tree, path, pending, focus, canAsk, model, onAsk, onShow }: Props) {
  const { t } = useTranslation()
  const { box, content, away, jump, letGo } = useStickToBottom()

  // What is asked is seen at once, wherever the reader was.
  const ticket = pending?.ticket
  useEffect(() => {
    if (ticket) jump()
  }, [ticket, jump])

  const found = useRef<string>(undefined)
  useEffect(() => {
    const row = focus && found.current !== focus && document.getElementById(focus)
    if (!row) return
    found.current = focus
    letGo()
    row.scrollIntoView({ block: 'center' })
  }, [focus, path.length, letGo])

  const shown = pending ? upTo(path, pending.parent) : path
  const last = shown.at(-1)?.id
  return (
    <div className="relative min-h-0 flex-1">
      <div ref={box} className="h-full overflow-y-auto overscroll-contain mask-[linear-gradient(transparent,black_1rem,black_calc(100%-1.5rem),transparent)]">
        <div ref={content} role="region" aria-label={t('chat.conversation')} className="mx-auto flex max-w-read flex-col gap-7 px-4 pt-4 pb-10 sm:px-6">
          {shown.map((m) => {
            const row = { message: m, place: placeOf(tree, m.id), canAsk, marked: m.id === focus, onShow }
            const parent = m.parent_id ?? ''
            return m.role === 'user' ? (
              <QuestionRow key={m.id} {...row} onEdit={(text) => void onAsk({ parent, text, model })} />
            ) : (
              <AnswerRow key={m.id} {...row} last={m.id === last && !pending} onAgain={() => void onAsk({ parent, model })} />
            )
          })}
          {pending && (
            <>
              {pending.text !== undefined && <Said text={pending.text} />}
              <PendingAnswer ticket={pending.ticket} />
            </>
          )}
        </div>
      </div>
      {away && (
        <div className="pointer-events-none absolute inset-x-0 bottom-3 flex justify-center">
          <IconButton
            icon={ArrowDown}
            label={t('chat.jump')}
            side="top"
            onClick={() => jump(true)}
            className="pointer-events-auto animate-fade rounded-full border border-line !bg-raised shadow-mid"
          />
        </div>
      )}
    </div>
  )
}

// The messages that a pending request goes on from; '' is the very beginning.
function upTo(path: Message[], parent: string): Message[] {
  const i = path.findIndex((m) => m.id === parent)
  return i < 0 ? [] : path.slice(0, i + 1)
}

export function ThreadSkeleton() {
  const { t } = useTranslation()
  return (
    <div role="status" className="mx-auto flex w-full max-w-read flex-1 flex-col gap-8 px-6 pt-6">
      <span className="sr-only">{t('app.loading')}</span>
      <Skeleton className="h-11 w-2/5 self-end !rounded-lg" />
      <div className="space-y-3">
        <Skeleton className="h-4 w-11/12" />
        <Skeleton className="h-4 w-full" />
        <Skeleton className="h-4 w-3/4" />
      </div>
    </div>
  )
}
