import clsx from 'clsx'
import { useTranslation } from '@/i18n/useTranslation'
import { sentence } from '@/api/errorText'
import type { Message } from '@/api/types'
import { seconds } from '@/i18n/seconds'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import type { Turn } from './turns'
import { useTurn } from './useTurn'

/** The place of an answer that has not started. */
export function PendingAnswer({ ticket }: { ticket: string }) {
  const turn = useTurn(ticket)
  return <Waiting turn={turn} begun={false} />
}

/** Whether an answer has more to say: it was stopped, or reached its length. */
export const goesOn = (m: Message) => m.status === 'partial' || (m.status === 'complete' && m.finish_reason === 'length')

/** What the reader waits for: a connection, a place in the queue, the first word. */
export function Waiting({ turn, begun }: { turn?: Turn; begun: boolean }) {
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

export function Outcome({ message, turn, canAsk, onAgain }: { message: Message; turn?: Turn; canAsk: boolean; onAgain: () => void }) {
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

/** Which model wrote how much, and how quickly. */
export function Facts({ message, turn }: { message: Message; turn?: Turn }) {
  const { t, i18n } = useTranslation()
  const tokens = turn?.done?.usage?.output_tokens ?? message.tokens
  const total = turn?.done?.latency_ms?.total ?? message.latency_ms
  const facts: string[] = []
  if (tokens) facts.push(t('chat.tokens', { count: tokens }))
  if (total) facts.push(t('chat.seconds', { n: seconds(total, i18n.language) }))
  if (message.edited_at) facts.push(t('actions.edited'))
  if (facts.length === 0) return null
  return (
    <span title={message.model} className="ps-2 text-xs text-muted tabular-nums">
      {facts.join(' · ')}
    </span>
  )
}
