import clsx from 'clsx'
import { RefreshCw } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { sentence } from '@/api/errorText'
import type { Message } from '@/api/types'
import { locale } from '@/i18n/setup'
import { Button } from '@/kit/Button'
import { CopyButton } from '@/kit/CopyButton'
import { IconButton } from '@/kit/IconButton'
import { Notice } from '@/kit/Notice'
import { Answer } from './markdown/Answer'
import { quiet } from './QuestionRow'
import { Siblings } from './Siblings'
import type { Place } from './tree'
import type { Turn } from './turns'
import { useTurn } from './useTurn'

interface Props {
  message: Message
  place: Place
  last: boolean
  canAsk: boolean
  marked: boolean
  onShow: (id: string) => void
  onAgain: () => void
}

/** An answer, finished or on its way. */
export function AnswerRow({ message, place, last, canAsk, marked, onShow, onAgain }: Props) {
  const { t } = useTranslation()
  const turn = useTurn(message.id)
  const live = message.status === 'streaming'
  const text = live && turn && turn.text.length > message.text.length ? turn.text : message.text
  return (
    <article id={message.id} aria-busy={live} className={clsx('group', marked && 'rounded-sm outline-2 outline-offset-8 outline-accent')}>
      <h2 className="sr-only">{t('chat.parley')}</h2>
      {text && <Answer text={text} open={message.status !== 'complete'} />}
      {live && <Waiting turn={turn} begun={text !== ''} />}
      {!live && (
        <>
          <Outcome message={message} turn={turn} canAsk={canAsk} onAgain={onAgain} />
          <div className="mt-2 -ml-1.5 flex h-8 items-center gap-0.5 pointer-coarse:h-9">
            <Siblings place={place} onShow={onShow} />
            <div className={clsx(quiet, last && 'opacity-100')}>
              {text && <CopyButton text={text} label={t('chat.copy')} />}
              {canAsk && <IconButton icon={RefreshCw} size="sm" label={t('chat.regenerate')} onClick={onAgain} />}
              <Facts message={message} turn={turn} />
            </div>
          </div>
        </>
      )}
    </article>
  )
}

/** The place of an answer that has not started. */
export function PendingAnswer({ ticket }: { ticket: string }) {
  const turn = useTurn(ticket)
  return <Waiting turn={turn} begun={false} />
}

// What the reader waits for: a connection, a place in the queue, the first word.
function Waiting({ turn, begun }: { turn?: Turn; begun: boolean }) {
  const { t } = useTranslation()
  const lost = turn?.up === false
  if (begun && !lost) return null
  const words = lost
    ? t('chat.reconnecting')
    : turn && turn.queue > 0
      ? t('chat.queue', { count: turn.queue })
      : turn?.phase === 'waiting'
        ? t('chat.thinking')
        : t('chat.sending')
  return (
    <p className={clsx('flex h-7 items-center gap-2.5 text-base text-muted', begun && 'mt-3')}>
      <span aria-hidden="true" className="size-2 animate-breathe rounded-full bg-accent" />
      {words}
    </p>
  )
}

function Outcome({ message, turn, canAsk, onAgain }: { message: Message; turn?: Turn; canAsk: boolean; onAgain: () => void }) {
  const { t } = useTranslation()
  if (message.status === 'failed') {
    const why = turn?.fault?.message
    return (
      <Notice
        className="mt-3"
        action={
          canAsk && (
            <Button size="sm" onClick={onAgain} className="-my-1">
              {t('chat.retry')}
            </Button>
          )
        }
      >
        {t('chat.failedText')}
        {why && <span className="block">{sentence(why)}</span>}
      </Notice>
    )
  }
  const words =
    message.finish_reason === 'content_filter'
      ? t('chat.filtered')
      : message.finish_reason === 'length'
        ? t('chat.cutOff')
        : message.status === 'partial'
          ? t('chat.partial')
          : ''
  return words ? <p className="mt-3 text-sm text-muted italic">{words}</p> : null
}

// How much was written and how quickly; the time is known in the session that saw it only.
function Facts({ message, turn }: { message: Message; turn?: Turn }) {
  const { t, i18n } = useTranslation()
  const tokens = turn?.done?.usage?.output_tokens ?? message.tokens
  const total = turn?.done?.latency_ms?.total
  const facts: string[] = []
  if (tokens) facts.push(t('chat.tokens', { count: tokens }))
  if (total) facts.push(t('chat.seconds', { n: Math.max(total / 1000, 0.1).toLocaleString(locale(i18n.language), { maximumFractionDigits: 1 }) }))
  return facts.length > 0 ? <span className="ps-2 text-xs text-muted tabular-nums">{facts.join(' · ')}</span> : null
}
