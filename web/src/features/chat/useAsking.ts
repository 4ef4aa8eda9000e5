import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { errorText } from '@/api/errorText'
import { announce } from '@/kit/announce'
import { rememberEnd, rememberStart } from './data'
import { readDraft, writeDraft } from './drafts'
import { tellTabs } from './tabs'
import { turns, type Turn } from './turns'

/** A request that the server has not begun to answer. */
export interface Pending {
  ticket: string
  /** '' for a new conversation. */
  chat: string
  /** The message that it goes on from. */
  parent: string
  /** Undefined when `parent` is answered once more. */
  text?: string
}

interface Ask {
  parent: string
  text?: string
  model?: string
}

let tickets = 0

/** The key of the draft of a chat. */
export const draftOf = (chat: string) => chat || 'new'

/** Sends requests of the chat that is open, '' for a new one, and keeps the cache true to their answers. */
export function useAsking(chat: string, onNewChat: (id: string) => void) {
  const client = useQueryClient()
  const { t } = useTranslation()
  const [pending, setPending] = useState<Pending | null>(null)
  const [problem, setProblem] = useState<{ chat: string; text: string } | null>(null)
  const open = useRef(chat)
  useEffect(() => {
    open.current = chat
  }, [chat])

  const ask = useCallback(
    async ({ parent, text, model }: Ask) => {
      const ticket = `ticket-${++tickets}`
      setProblem(null)
      setPending({ ticket, chat, parent, text })
      const done = () => setPending((now) => (now?.ticket === ticket ? null : now))
      let into = chat
      try {
        await turns.ask(
          ticket,
          {
            ...(chat && { conversation_id: chat, parent_id: parent }),
            ...(model && { model }),
            messages: text === undefined ? [] : [{ role: 'user', content: text }],
          },
          {
            started: (start) => {
              into = start.conversation_id ?? chat
              void rememberStart(client, into, start, parent, text).then(() => {
                done()
                if (!chat && open.current === '') onNewChat(into)
              })
              tellTabs(into)
              announce(t('chat.started'))
            },
            ended: (turn, start) => {
              rememberEnd(client, into, start.message_id, turn)
              announce(t(outcome(turn)))
            },
          },
        )
      } catch (err) {
        done()
        const kept = text !== undefined && readDraft(draftOf(chat)) === ''
        if (kept) writeDraft(draftOf(chat), text)
        setProblem({ chat, text: kept ? `${errorText(err)} ${t('chat.restored')}` : errorText(err) })
      }
    },
    [chat, client, onNewChat, t],
  )

  return {
    ask,
    pending: pending?.chat === chat ? pending : null,
    problem: problem?.chat === chat ? problem.text : null,
    dismiss: () => setProblem(null),
  }
}

export function outcome(turn: Turn) {
  if (turn.fault || turn.phase === 'failed') return 'chat.failed'
  return turn.done?.partial ? 'chat.stopped' : 'chat.finished'
}
