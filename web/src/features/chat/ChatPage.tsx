import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import i18next from 'i18next'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { ApiError } from '@/api/client'
import { errorText } from '@/api/errorText'
import type { Conversation, Me } from '@/api/types'
import { useOffer } from '@/features/commands/offers'
import { conversationQuery } from '@/features/conversations/data'
import { useKnowledge } from '@/features/knowledge/choice'
import { Button } from '@/kit/Button'
import { copyText } from '@/kit/copyText'
import { toast } from '@/kit/toasts'
import { asker, draftOf } from './asker'
import { ChatHeader } from './ChatHeader'
import { Composer, composerId } from './Composer'
import { chooseLeaf, messagesQuery, refresh } from './data'
import { look } from './greet'
import { partReasoning } from './markdown/reasoning'
import { writeDraft } from './drafts'
import { closePair, pairOf, usePairs } from './pairs'
import { QueueChips } from './QueueChips'
import { enqueue, unqueue, useQueue } from './queue'
import { StatusBanner } from './StatusBanner'
import { Thread, ThreadSkeleton } from './Thread'
import { hearTabs } from './tabs'
import { buildTree, newestLeaf, pathTo } from './tree'
import { useActive } from './useActive'
import { useAsking } from './useAsking'
import { useCanAsk } from './useCanAsk'
import { useModelChoice } from './useModelChoice'
import { useResume } from './useTurn'
import { Welcome } from './Welcome'

const none: never[] = []

interface Props {
  /** '' for a new conversation. */
  chat: string
  /** A message to show, as from a search. */
  focus?: string
  /** A new conversation is a temporary one. */
  temporary: boolean
  /** Where a new conversation is put. */
  folder?: string
  me: Me
  onShare: (c: Conversation) => void
  onPrompts: () => void
  onKnowledge: () => void
  onOpenSidebar?: () => void
}

/** The conversation that is open, with what writes into it. */
export function ChatPage({ chat, focus, temporary: wanted, folder, me, onShare, onPrompts, onKnowledge, onOpenSidebar }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const conversation = useQuery({ ...conversationQuery(chat), enabled: chat !== '' })
  const messages = useQuery({ ...messagesQuery(chat), enabled: chat !== '' })
  const list = messages.data ?? none
  const tree = useMemo(() => buildTree(list), [list])
  const leaf = conversation.data?.leaf_id
  const path = useMemo(() => pathTo(tree, leaf), [tree, leaf])
  const temporary = chat ? (conversation.data?.temporary ?? false) : wanted

  const onNewChat = useCallback((id: string) => void navigate({ to: '/c/$id', params: { id }, replace: true }), [navigate])
  const knowledge = useKnowledge(chat)?.id
  const { ask, pending, problem, dismiss } = useAsking(chat, onNewChat, knowledge)
  const { model, models, choose: chooseModel } = useModelChoice()
  const [beside, setBeside] = useState<string>()
  const second = models.some((m) => m.id === beside) && beside !== model ? beside : undefined
  const canAsk = useCanAsk(me)
  const queue = useQueue(chat)
  const pairs = usePairs()
  useResume(list)

  useEffect(() => hearTabs((id) => refresh(client, id)), [client])

  const latest = useRef(tree)
  useEffect(() => {
    latest.current = tree
  }, [tree])
  const show = useCallback(
    (id: string) => {
      chooseLeaf(client, chat, newestLeaf(latest.current, id)).catch((err: unknown) => toast({ tone: 'danger', text: errorText(err) }))
    },
    [client, chat],
  )

  // A message that was searched for may be on another branch. Once shown, the reader may leave it.
  const shown = useRef<string>(undefined)
  useEffect(() => {
    if (!focus || shown.current === focus || !tree.byId.has(focus) || !conversation.isSuccess) return
    shown.current = focus
    if (!path.some((m) => m.id === focus)) show(focus)
  }, [focus, tree, path, conversation.isSuccess, show])

  const { active, stop } = useActive(path, pending)
  const switchTemporary =
    chat || pending ? undefined : () => void navigate({ to: '/', search: { temporary: wanted ? undefined : true, folder }, replace: true })
  const answer = path.findLast((m) => m.role === 'assistant' && m.status !== 'streaming' && m.text !== '')
  useOffer('stop', active ? stop : undefined)
  useOffer('temporary', switchTemporary)
  useOffer('copyAnswer', answer && (() => void copy(partReasoning(answer.text).answer || answer.text)))

  const send = (text: string) => {
    if (active) {
      enqueue(chat, { text, model, knowledge })
      return
    }
    const last = path.at(-1)?.id ?? ''
    const pair = pairOf(pairs, last)
    if (pair) closePair(pair.question)
    void ask({ parent: last, text, model, beside: second, temporary, folder })
  }

  const title = chat ? conversation.data?.title || t('chat.untitled') : t('chat.newChat')
  useEffect(() => {
    document.title = chat ? `${title} · Parley` : 'Parley'
  }, [chat, title])

  const failed = chat !== '' && messages.isError && list.length === 0
  const empty = !pending && (chat === '' || (messages.isSuccess && list.length === 0))
  return (
    <main id="main" tabIndex={-1} className={look.main}>
      <ChatHeader
        conversation={chat ? conversation.data : undefined}
        title={chat ? title : ''}
        models={models}
        model={model}
        beside={second}
        temporary={temporary}
        onModel={chooseModel}
        onBeside={setBeside}
        onTemporary={switchTemporary}
        onShare={onShare}
        onOpenSidebar={onOpenSidebar}
      />
      {failed ? (
        <LoadFailed error={messages.error} retry={() => void messages.refetch()} />
      ) : empty ? (
        <Welcome name={me.user.name} temporary={temporary} />
      ) : messages.isPending && !pending ? (
        <ThreadSkeleton />
      ) : (
        <Thread
          key={chat || 'new'}
          tree={tree}
          path={path}
          pending={pending}
          focus={focus}
          canAsk={canAsk && !active}
          model={model}
          models={models}
          onAsk={ask}
          onShow={show}
        />
      )}
      <div className={empty ? look.below : undefined}>
        <div className={look.column}>
          <StatusBanner me={me} problem={problem} onDismiss={dismiss} />
          <QueueChips
            queue={queue}
            idle={!active}
            onSend={(id) => void asker.sendQueued(client, chat, id)}
            onRemove={(id) => unqueue(chat, id)}
            onEdit={(m) => {
              unqueue(chat, m.id)
              writeDraft(draftOf(chat), m.text)
              document.getElementById(composerId)?.focus()
            }}
          />
          <Composer
            draftKey={draftOf(chat)}
            chat={chat}
            disabled={!canAsk || failed}
            active={active}
            models={models}
            temporary={temporary}
            onStop={stop}
            onSend={send}
            onModel={chooseModel}
            onPrompts={onPrompts}
            onKnowledge={onKnowledge}
          />
          <p className={look.hint}>{t('chat.hint')}</p>
        </div>
      </div>
    </main>
  )
}

async function copy(text: string) {
  const done = await copyText(text)
  toast(done ? { text: i18next.t('commands.answerCopied') } : { tone: 'danger', text: i18next.t('kit.copyFailed') })
}

function LoadFailed({ error, retry }: { error: Error; retry: () => void }) {
  const { t } = useTranslation()
  const missing = error instanceof ApiError && error.status === 404
  return (
    <div role="alert" className="flex flex-1 flex-col items-center justify-center gap-4 p-6 text-center text-muted">
      <p>{missing ? t('chat.notFound') : `${t('chat.loadFailed')} ${errorText(error)}`}</p>
      {!missing && <Button onClick={retry}>{t('app.retry')}</Button>}
    </div>
  )
}
