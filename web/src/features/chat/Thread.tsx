import clsx from 'clsx'
import { ArrowDown } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Message, Model } from '@/api/types'
import { IconButton } from '@/kit/IconButton'
import { Skeleton } from '@/kit/Skeleton'
import { PendingAnswer } from './AnswerState'
import type { Ask, Pending } from './asker'
import { pairOf, usePairs } from './pairs'
import { Said } from './QuestionRow'
import { PairedRow, Rows } from './rows'
import { createNearness, NearnessProvider } from './Stretch'
import type { Tree } from './tree'
import { useKeepFocus } from './useKeepFocus'
import { useStickToBottom } from './useStickToBottom'

interface Props {
  tree: Tree
  path: Message[]
  pending: Pending | null
  focus?: string
  canAsk: boolean
  model?: string
  models: Model[]
  onAsk: (ask: Ask) => Promise<void>
  /** Shows the branch of a message. */
  onShow: (id: string) => void
}

export function Thread({ tree, path, pending, focus, canAsk, model, models, onAsk, onShow }: Props) {
  const { t } = useTranslation()
  const { box, content, away, jump, letGo } = useStickToBottom()
  const [nearness] = useState(createNearness)
  useEffect(() => () => nearness.stop(), [nearness])

  // What is asked is seen at once, wherever the reader was; what was queued lets the reader be.
  const ticket = pending && !pending.queued ? pending.ticket : undefined
  useEffect(() => {
    if (ticket) jump()
  }, [ticket, jump])
  useKeepFocus(ticket)

  const found = useRef<string>(undefined)
  useEffect(() => {
    const row = focus && found.current !== focus && document.getElementById(focus)
    if (!row) return
    found.current = focus
    letGo()
    row.scrollIntoView({ block: 'center' })
  }, [focus, path.length, letGo])

  const shown = useMemo(() => (pending ? upTo(path, pending.parent) : path), [path, pending])
  const last = shown.at(-1)
  const pair = pairOf(usePairs(), last?.role === 'assistant' ? last.id : '')
  const sides = pair && !pending ? pair : undefined
  const rows = useMemo(() => (sides ? shown.slice(0, -1) : shown), [shown, sides])
  const common = { models, model, canAsk, onAsk, onShow }
  return (
    <NearnessProvider value={nearness}>
      <div className="relative min-h-0 flex-1">
        <div ref={box} data-scrolls="" className="h-full overflow-y-auto overscroll-contain">
          <div ref={content} role="region" aria-label={t('chat.conversation')} className="flex flex-col pt-2 pb-8">
            <Rows {...common} tree={tree} rows={rows} last={pending ? undefined : last?.id} focus={focus} />
            {sides && last && <PairedRow {...common} tree={tree} pair={sides} />}
            {pending && (
              <div className={clsx(read, 'flex flex-col gap-7 py-1.5')}>
                {pending.text !== undefined && <Said text={pending.text} />}
                <PendingAnswer ticket={pending.ticket} />
              </div>
            )}
          </div>
        </div>
        {/* The text fades at the edges. A mask would have all of it painted anew for each frame of scrolling. */}
        <div aria-hidden="true" className="pointer-events-none absolute inset-x-0 top-0 me-3 h-4 bg-linear-to-b from-canvas to-transparent" />
        <div aria-hidden="true" className="pointer-events-none absolute inset-x-0 bottom-0 me-3 h-6 bg-linear-to-t from-canvas to-transparent" />
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
    </NearnessProvider>
  )
}

/** The breadth of what is read, with its margins. */
const read = 'mx-auto w-full max-w-read px-4 sm:px-6'

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
