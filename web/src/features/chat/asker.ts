import type { QueryClient } from '@tanstack/react-query'
import i18next from 'i18next'
import { errorText } from '@/api/errorText'
import { patch } from '@/api/client'
import type { Conversation, Message, TurnStart } from '@/api/types'
import { conversationKey, conversationPath, conversationQuery, freshen } from '@/features/conversations/data'
import { announce } from '@/kit/announce'
import { rememberEnd, rememberStart } from './data'
import { readDraft, writeDraft } from './drafts'
import { beginPair, closePair, openPair } from './pairs'
import { moveQueue, queueOf, requeue, unqueue, type Queued } from './queue'
import { moveKnowledge } from '@/features/knowledge/choice'
import { tellTabs } from './tabs'
import { turns as allTurns, type Turn } from './turns'

/** A request that the server has not begun to answer. */
export interface Pending {
  ticket: string
  /** '' for a new conversation. */
  chat: string
  /** The message that it goes on from. */
  parent: string
  /** Undefined when `parent` is answered once more. */
  text?: string
  /** It was sent by itself, and not by the reader just now. */
  queued?: boolean
}

export interface Ask {
  parent: string
  /** Undefined to answer `parent` once more. */
  text?: string
  model?: string
  /** A second model that answers beside the first. */
  beside?: string
  /** Goes on writing this answer, whose question is `parent`. */
  goOn?: Message
  queued?: boolean
  /** The knowledge base that it is answered from, '' for all of them. */
  knowledge?: string
  temporary?: boolean
  /** Where a new conversation is put. */
  folder?: string
  /** A new conversation has got its id. */
  onNew?: (id: string) => void
}

/** The key of the draft of a chat. */
export const draftOf = (chat: string) => chat || 'new'

/**
 * Sends the requests of every chat, keeps the cache true to their answers, and sends what is queued when
 * an answer has ended. It goes on while the reader looks at another chat.
 */
export class Asker {
  private pending = new Map<string, Pending>()
  private problems = new Map<string, string>()
  /** The answers on their way, each with its chat. */
  private live = new Map<string, string>()
  private listeners = new Set<() => void>()
  private tickets = 0

  constructor(private turns: Pick<typeof allTurns, 'ask'> = allTurns) {}

  subscribe = (fn: () => void) => {
    this.listeners.add(fn)
    return () => void this.listeners.delete(fn)
  }

  pendingOf = (chat: string) => this.pending.get(chat)
  problemOf = (chat: string) => this.problems.get(chat)

  dismiss(chat: string) {
    if (this.problems.delete(chat)) this.tell()
  }

  /** Whether a chat waits for the start or the end of an answer. */
  busy(chat: string): boolean {
    return this.pending.has(chat) || [...this.live.values()].includes(chat)
  }

  /** Asks, and resolves after the end of the answer or answers. */
  async ask(client: QueryClient, chat: string, ask: Ask): Promise<void> {
    const problem = await this.one(client, chat, ask)
    if (!problem) return
    const kept = ask.text !== undefined && readDraft(draftOf(chat)) === ''
    if (kept && ask.text) writeDraft(draftOf(chat), ask.text)
    this.complain(chat, kept ? `${problem} ${i18next.t('chat.restored')}` : problem)
  }

  /** Sends the first message of a chat's queue, or the one named, unless the chat is busy. */
  async sendQueued(client: QueryClient, chat: string, id = queueOf(chat)[0]?.id) {
    const message = queueOf(chat).find((m) => m.id === id)
    if (!message || this.busy(chat)) return
    unqueue(chat, message.id)
    const problem = await this.send(client, chat, message)
    if (!problem) return
    requeue(chat, message)
    this.complain(chat, problem)
  }

  /** An answer that ran already is followed in this tab. */
  follows(chat: string, id: string) {
    this.live.set(id, chat)
  }

  /** An answer has ended. What waits for it is sent, unless it was stopped or has failed. */
  ended(client: QueryClient, chat: string, id: string, turn: Turn | undefined) {
    this.live.delete(id)
    rememberEnd(client, chat, id, turn)
    if (turn) announce(i18next.t(outcome(turn)))
    if (turn?.phase === 'done' && !turn.done?.partial) void this.sendQueued(client, chat)
  }

  clear() {
    this.pending.clear()
    this.problems.clear()
    this.live.clear()
    this.tell()
  }

  private async send(client: QueryClient, chat: string, { text, model, knowledge }: Queued): Promise<string | undefined> {
    try {
      const conversation = client.getQueryData<Conversation>(conversationKey(chat)) ?? (await client.fetchQuery(conversationQuery(chat)))
      return await this.one(client, chat, { parent: conversation.leaf_id ?? '', text, model, knowledge, queued: true })
    } catch (err) {
      return errorText(err)
    }
  }

  // Asks once, and returns what went wrong before the answer began.
  private async one(client: QueryClient, chat: string, ask: Ask): Promise<string | undefined> {
    const { parent, text, model, goOn } = ask
    const ticket = `ticket-${++this.tickets}`
    this.problems.delete(chat)
    this.pending.set(chat, { ticket, chat, parent, text, queued: ask.queued })
    this.tell()
    let into = chat
    let second: Promise<unknown> | undefined
    try {
      await this.turns.ask(
        ticket,
        {
          ...(chat ? { conversation_id: chat, parent_id: goOn?.id ?? parent } : ask.temporary && { temporary: true }),
          ...(model && { model }),
          ...(goOn ? { continue: true } : from(ask)),
          messages: text === undefined ? [] : [{ role: 'user', content: text }],
        },
        {
          started: (start) => {
            into = start.conversation_id ?? chat
            this.live.set(start.message_id, into)
            if (ask.beside) second = this.beside(client, into, ask, start)
            void rememberStart(client, into, start, parent, { question: text, text: goOn?.text, temporary: ask.temporary }).then(() => {
              this.settle(chat, ticket)
              if (!chat) this.arrived(client, into, ask)
            })
            tellTabs(into)
            announce(i18next.t('chat.started'))
          },
          ended: (turn, start) => this.ended(client, into, start.message_id, turn),
        },
      )
    } catch (err) {
      this.settle(chat, ticket)
      return errorText(err)
    }
    await second
    return undefined
  }

  // Has the question of a turn that has begun answered by a second model too.
  private async beside(client: QueryClient, chat: string, ask: Ask, first: TurnStart) {
    const question = first.user_message_id ?? ask.parent
    const ticket = `ticket-${++this.tickets}`
    openPair({ question, left: first.message_id, right: ticket })
    try {
      await this.turns.ask(
        ticket,
        { conversation_id: chat, parent_id: question, model: ask.beside, ...from(ask), messages: [] },
        {
          started: (start) => {
            this.live.set(start.message_id, chat)
            beginPair(ticket, start.message_id)
            // The first stays the branch that is shown, and that the next message goes on from.
            void rememberStart(client, chat, start, question, {}).then(() => this.show(client, chat, first.message_id))
          },
          ended: (turn, start) => this.ended(client, chat, start.message_id, turn),
        },
      )
    } catch (err) {
      closePair(question)
      this.complain(chat, errorText(err))
    }
  }

  private show(client: QueryClient, chat: string, leaf: string) {
    client.setQueryData<Conversation>(conversationKey(chat), (old) => old && { ...old, leaf_id: leaf })
    void patch(conversationPath(chat), { leaf_id: leaf }).catch(() => {})
  }

  private arrived(client: QueryClient, id: string, { folder, onNew }: Ask) {
    moveQueue('', id)
    moveKnowledge('', id)
    onNew?.(id)
    if (!folder) return
    void patch(conversationPath(id), { folder_id: folder })
      .catch(() => {})
      .then(() => freshen(client))
  }

  private settle(chat: string, ticket: string) {
    if (this.pending.get(chat)?.ticket === ticket) this.pending.delete(chat)
    this.tell()
  }

  private complain(chat: string, problem: string) {
    this.problems.set(chat, problem)
    this.tell()
  }

  private tell() {
    this.listeners.forEach((fn) => fn())
  }
}

const from = ({ knowledge }: Ask) => knowledge !== undefined && { retrieval: knowledge ? { namespace: knowledge } : {} }

export function outcome(turn: Turn) {
  if (turn.fault || turn.phase === 'failed') return 'chat.failed'
  return turn.done?.partial ? 'chat.stopped' : 'chat.finished'
}

/** The asker of this tab. */
export const asker = new Asker()
