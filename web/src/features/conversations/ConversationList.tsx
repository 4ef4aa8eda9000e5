import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Conversation, ConversationPatch, Folder } from '@/api/types'
import { Button } from '@/kit/Button'
import { Skeleton } from '@/kit/Skeleton'
import { useChatActions } from './actions'
import { ConversationRow } from './ConversationRow'
import { conversationQuery, useConversations, useFolders } from './data'
import { useDoomed } from './doomed'
import { FolderDialogs, type FolderTask } from './FolderDialogs'
import { FolderRow } from './FolderRow'
import { GroupRow } from './GroupRow'
import type { Filter } from './lists'
import { between, rowsOf, type Row } from './rows'
import { SelectionBar } from './SelectionBar'
import { VirtualList } from './VirtualList'

/** What a row can do. The value stays the same while the list is shown. */
export interface ListActions {
  change: (c: Conversation, change: ConversationPatch) => void
  archive: (list: readonly Conversation[], archived: boolean) => void
  move: (list: readonly Conversation[], folder: { id: string; name: string } | null) => void
  remove: (list: readonly Conversation[]) => void
  share: (c: Conversation) => void
  newFolder: (move: Conversation[]) => void
  /** Begins to choose several, with this one. */
  select: (id: string) => void
  toggle: (id: string, range: boolean) => void
}

interface Props {
  chat: string
  filter: Filter
  onChosen: () => void
  /** Conversations were deleted or moved out of sight. */
  onGone: (ids: string[]) => void
  onShare: (c: Conversation) => void
  onFolder: (folder: Folder) => void
}

const noFolders: Folder[] = []

export function ConversationList({ chat, filter, onChosen, onGone, onShare, onFolder }: Props) {
  const { t } = useTranslation()
  const query = useConversations(filter)
  const folders = useFolders().data ?? noFolders
  const doomed = useDoomed()
  const chats = useChatActions(onGone)
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null)
  const [anchor, setAnchor] = useState('')
  const [task, setTask] = useState<FolderTask | null>(null)

  const home = !filter.archived && filter.folder === 'none'
  const list = useMemo(() => query.data?.filter((c) => !doomed.has(c.id)) ?? [], [query.data, doomed])
  const shownFolders = home && chosen === null && (folders.length > 0 || list.length > 0) ? folders : undefined
  const rows = useMemo(() => rowsOf(list, shownFolders), [list, shownFolders])
  const openFolder = useQuery({ ...conversationQuery(chat), enabled: chat !== '' }).data?.folder_id

  const actions: ListActions = {
    ...chats,
    share: onShare,
    newFolder: (move) => setTask({ do: 'make', move }),
    select: (id) => {
      setChosen(new Set([id]))
      setAnchor(id)
    },
    toggle: (id, range) => {
      setAnchor(id)
      setChosen((now) => {
        const next = new Set(now)
        const on = !next.has(id)
        for (const one of range ? between(rows, anchor, id) : [id]) {
          if (on) next.add(one)
          else next.delete(one)
        }
        return next
      })
    },
  }
  const stable = useStable(actions)
  const drop = (ids: string[], folder: Folder | null) => chats.move(list.filter((c) => ids.includes(c.id)), folder)

  if (query.isPending) return <ListSkeleton />
  if (query.isError && !query.data) {
    return (
      <div role="alert" className="space-y-3 px-5 pt-3 text-sm text-muted">
        <p>{t('list.failed')}</p>
        <Button size="sm" onClick={() => void query.refetch()}>
          {t('app.retry')}
        </Button>
      </div>
    )
  }
  const render = (row: Row) =>
    row.kind === 'group' ? (
      <GroupRow name={row.name} onNewFolder={() => setTask({ do: 'make', move: [] })} />
    ) : row.kind === 'folder' ? (
      <FolderRow
        folder={row.folder}
        holdsOpen={row.key === openFolder}
        onOpen={() => onFolder(row.folder)}
        onRename={() => setTask({ do: 'rename', folder: row.folder })}
        onDelete={() => setTask({ do: 'delete', folder: row.folder })}
        onDrop={(ids) => drop(ids, row.folder)}
      />
    ) : (
      <ConversationRow
        conversation={row.conversation}
        open={row.key === chat}
        selected={chosen?.has(row.key)}
        folders={folders}
        onChosen={onChosen}
        actions={stable}
      />
    )
  return (
    <>
      {chosen && (
        <SelectionBar
          chosen={list.filter((c) => chosen.has(c.id))}
          archived={filter.archived}
          folders={folders}
          allChosen={list.length > 0 && list.every((c) => chosen.has(c.id))}
          onAll={(all) => setChosen(new Set(all ? list.map((c) => c.id) : []))}
          onEnd={() => setChosen(null)}
          actions={stable}
        />
      )}
      {rows.length === 0 ? (
        <p className="flex-1 px-5 pt-3 text-sm text-muted">{filter.archived ? t('list.emptyArchive') : filter.folder === 'none' ? t('list.empty') : t('folders.empty')}</p>
      ) : (
        <VirtualList rows={rows} render={render} onEscape={() => setChosen(null)} more={query.hasNextPage} busy={query.isFetchingNextPage} onMore={() => void query.fetchNextPage()} />
      )}
      <FolderDialogs
        task={task}
        onClose={() => setTask(null)}
        onMade={(folder, move) => chats.move(move, folder)}
      />
    </>
  )
}

// Functions that stay the same and do what the latest ones do, so that a row is drawn again only for its own sake.
function useStable(actions: ListActions): ListActions {
  const latest = useRef(actions)
  useEffect(() => {
    latest.current = actions
  })
  return useMemo(
    () => ({
      change: (...a) => latest.current.change(...a),
      archive: (...a) => latest.current.archive(...a),
      move: (...a) => latest.current.move(...a),
      remove: (...a) => latest.current.remove(...a),
      share: (...a) => latest.current.share(...a),
      newFolder: (...a) => latest.current.newFolder(...a),
      select: (...a) => latest.current.select(...a),
      toggle: (...a) => latest.current.toggle(...a),
    }),
    [],
  )
}

function ListSkeleton() {
  const { t } = useTranslation()
  return (
    <div role="status" className="flex-1 space-y-4 px-5 pt-4">
      <span className="sr-only">{t('app.loading')}</span>
      {['w-3/4', 'w-1/2', 'w-5/6', 'w-2/3'].map((w) => (
        <Skeleton key={w} className={`h-3.5 !bg-press ${w}`} />
      ))}
    </div>
  )
}
