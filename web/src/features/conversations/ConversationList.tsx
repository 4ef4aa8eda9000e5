import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { errorText } from '@/api/errorText'
import type { Conversation, ConversationPatch } from '@/api/types'
import { locale } from '@/i18n/setup'
import { Button } from '@/kit/Button'
import { ConfirmDialog } from '@/kit/Dialog'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { ConversationRow } from './ConversationRow'
import { useChangeConversation, useConversations, useDeleteConversation } from './data'
import { groupByDate } from './groups'

interface Props {
  chat: string
  archived: boolean
  onChosen: () => void
  /** The conversation was deleted or moved out of sight. */
  onGone: (id: string) => void
}

const says = (err: unknown) => toast({ tone: 'danger', text: errorText(err) })

export function ConversationList({ chat, archived, onChosen, onGone }: Props) {
  const { t, i18n } = useTranslation()
  const query = useConversations(archived)
  const change = useChangeConversation()
  const remove = useDeleteConversation()
  const [doomed, setDoomed] = useState<Conversation | null>(null)

  const onChange = (c: Conversation, patch: ConversationPatch) => {
    change.mutate({ id: c.id, change: patch }, { onError: says })
    if (!patch.status) return
    if (patch.status === 'archived') onGone(c.id)
    toast({
      text: patch.status === 'archived' ? t('list.wasArchived') : t('list.wasMoved'),
      action: { label: t('list.undo'), run: () => change.mutate({ id: c.id, change: { status: c.status } }, { onError: says }) },
    })
  }
  const onDelete = () => {
    if (!doomed) return
    remove.mutate(doomed.id, {
      onError: says,
      onSuccess: () => {
        toast({ text: t('list.wasDeleted') })
        onGone(doomed.id)
      },
      onSettled: () => setDoomed(null),
    })
  }

  if (query.isPending) return <ListSkeleton />
  if (query.isError && !query.data) {
    return (
      <div role="alert" className="space-y-3 px-2.5 pt-3 text-sm text-muted">
        <p>{t('list.failed')}</p>
        <Button size="sm" onClick={() => void query.refetch()}>
          {t('app.retry')}
        </Button>
      </div>
    )
  }
  const list = query.data
  if (list.length === 0) return <p className="px-2.5 pt-3 text-sm text-muted">{archived ? t('list.emptyArchive') : t('list.empty')}</p>
  return (
    <>
      {groupByDate(list).map(({ name, items }) => (
        <section key={name} className="pt-4 first:pt-2">
          <h3 className="px-2.5 pb-1 text-xs font-medium text-muted">{groupLabel(name, t, locale(i18n.language))}</h3>
          <ul>
            {items.map((c) => (
              <ConversationRow
                key={c.id}
                conversation={c}
                open={c.id === chat}
                onChosen={onChosen}
                onChange={(patch) => onChange(c, patch)}
                onDelete={() => setDoomed(c)}
              />
            ))}
          </ul>
        </section>
      ))}
      {query.hasNextPage && (
        <Button size="sm" look="ghost" className="mt-3 w-full" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('list.more')}
        </Button>
      )}
      <ConfirmDialog
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        onConfirm={onDelete}
        busy={remove.isPending}
        title={t('list.deleteTitle')}
        description={t('list.deleteText', { title: doomed?.title || t('chat.untitled') })}
        confirm={t('list.delete')}
      />
    </>
  )
}

type T = ReturnType<typeof useTranslation>['t']

function groupLabel(name: string, t: T, language: string): string {
  switch (name) {
    case 'pinned':
    case 'today':
    case 'yesterday':
    case 'week':
    case 'month':
      return t(`list.${name}`)
    default: {
      const [year, month] = name.split('-').map(Number)
      return new Date(year ?? 0, (month ?? 1) - 1).toLocaleDateString(language, { month: 'long', year: 'numeric' })
    }
  }
}

function ListSkeleton() {
  const { t } = useTranslation()
  return (
    <div role="status" className="space-y-4 px-2.5 pt-4">
      <span className="sr-only">{t('app.loading')}</span>
      {['w-3/4', 'w-1/2', 'w-5/6', 'w-2/3'].map((w) => (
        <Skeleton key={w} className={`h-3.5 !bg-press ${w}`} />
      ))}
    </div>
  )
}
