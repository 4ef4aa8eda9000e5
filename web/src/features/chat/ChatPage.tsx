import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '@/api/client'
import { errorText } from '@/api/errorText'
import type { Me } from '@/api/types'
import { conversationQuery } from '@/features/conversations/data'
import { Button } from '@/kit/Button'
import { toast } from '@/kit/toasts'
import { ChatHeader } from './ChatHeader'
import { Composer } from './Composer'
import { chooseLeaf, messagesQuery, refresh } from './data'
import { StatusBanner } from './StatusBanner'
import { Thread, ThreadSkeleton } from './Thread'
import { hearTabs } from './tabs'
import { buildTree, newestLeaf, pathTo } from './tree'
import { turns } from './turns'
import { draftOf, useAsking } from './useAsking'
import { useCanAsk } from './useCanAsk'
import { useModelChoice } from './useModelChoice'
import { useResume, useRunning } from './useTurn'
import { Welcome } from './Welcome'

const none: never[] = []

interface Props {
  /** '' for a new conversation. */
  chat: string
  /** A message to show, as from a search. */
  focus?: string
  me: Me
  onOpenSidebar?: () => void
}

/** The conversation that is open, with what writes into it. */
export function ChatPage({ chat, focus, me, onOpenSidebar }: Props) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const navigate = useNavigate()
  const conversation = useQuery({ ...conversationQuery(chat), enabled: chat !== '' })
  const messages = useQuery({ ...messagesQuery(chat), enabled: chat !== '' })
  const list = messages.data ?? none
  const tree = useMemo(() => buildTree(list), [list])
  const leaf = conversation.data?.leaf_id
  const path = useMemo(() => pathTo(tree, leaf), [tree, leaf])

  const onNewChat = useCallback((id: string) => void navigate({ to: '/c/$id', params: { id }, replace: true }), [navigate])
  const { ask, pending, problem, dismiss } = useAsking(chat, onNewChat)
  const { model, models, choose: chooseModel } = useModelChoice()
  const canAsk = useCanAsk(me)
  useResume(list)

  useEffect(() => hearTabs((id) => refresh(client, id)), [client])

  const show = useCallback(
    (id: string) => {
      chooseLeaf(client, chat, newestLeaf(tree, id)).catch((err: unknown) => toast({ tone: 'danger', text: errorText(err) }))
    },
    [client, chat, tree],
  )

  // A message that was searched for may be on another branch. Once shown, the reader may leave it.
  const shown = useRef<string>(undefined)
  useEffect(() => {
    if (!focus || shown.current === focus || !tree.byId.has(focus) || !conversation.isSuccess) return
    shown.current = focus
    if (!path.some((m) => m.id === focus)) show(focus)
  }, [focus, tree, path, conversation.isSuccess, show])

  const running = useRunning()
  const active = pending?.ticket ?? path.findLast((m) => running.includes(m.id))?.id
  const stop = useCallback(() => {
    if (active) turns.cancel(active).catch((err: unknown) => toast({ tone: 'danger', text: errorText(err) }))
  }, [active])

  const title = chat ? conversation.data?.title || t('chat.untitled') : t('chat.newChat')
  useEffect(() => {
    document.title = chat ? `${title} · Parley` : 'Parley'
  }, [chat, title])

  const failed = chat !== '' && messages.isError && list.length === 0
  const empty = !pending && (chat === '' || (messages.isSuccess && list.length === 0))
  return (
    <main id="main" tabIndex={-1} className="relative flex min-w-0 flex-1 flex-col outline-none">
      <ChatHeader title={chat ? title : ''} models={models} model={model} onModel={chooseModel} onOpenSidebar={onOpenSidebar} />
      {failed ? (
        <LoadFailed error={messages.error} retry={() => void messages.refetch()} />
      ) : empty ? (
        <Welcome name={me.user.name} />
      ) : messages.isPending && !pending ? (
        <ThreadSkeleton />
      ) : (
        <Thread key={chat || 'new'} tree={tree} path={path} pending={pending} focus={focus} canAsk={canAsk && !active} onAsk={ask} onShow={show} model={model} />
      )}
      <div className={empty ? 'pb-[34vh] max-sm:pb-0' : undefined}>
        <div className="mx-auto w-full max-w-read px-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-4">
          <StatusBanner me={me} problem={problem} onDismiss={dismiss} />
          <Composer
            draftKey={draftOf(chat)}
            disabled={!canAsk || failed}
            active={active}
            onStop={stop}
            onSend={(text) => void ask({ parent: path.at(-1)?.id ?? '', text, model })}
          />
          <p className="pt-2 text-center text-xs text-muted">{t('chat.hint')}</p>
        </div>
      </div>
    </main>
  )
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
