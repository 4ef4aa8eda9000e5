import { ArrowLeft, PanelLeftClose, Search, SquarePen, X } from 'lucide-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Conversation } from '@/api/types'
import { useKeysOf } from '@/features/commands/keys'
import { IconButton } from '@/kit/IconButton'
import { Logo } from '@/kit/Logo'
import { ConversationList } from './ConversationList'
import { useFolders } from './data'
import { FolderDialogs, type FolderTask } from './FolderDialogs'
import { FolderMenu } from './FolderRow'
import type { Filter } from './lists'

interface Props {
  chat: string
  onSearch: () => void
  onClose: () => void
  onShare: (c: Conversation) => void
  /** In a drawer a choice closes it. */
  drawer?: boolean
  /** The account's menu, given the function that shows the archive. */
  footer: (showArchive: () => void) => ReactNode
}

const home: Filter = { archived: false, folder: 'none' }

/** The chats, with what begins and finds one. */
export function Sidebar({ chat, onSearch, onClose, onShare, drawer = false, footer }: Props) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [filter, setFilter] = useState(home)
  const [task, setTask] = useState<FolderTask | null>(null)
  const folders = useFolders().data
  const folder = folders?.find((f) => f.id === filter.folder)
  // A folder that was deleted is left by itself.
  const shown = filter.archived || folder ? filter : home
  const keys = useKeysOf('palette')
  const closeKeys = useKeysOf('sidebar')
  const chosen = () => drawer && onClose()
  return (
    <nav aria-label={t('list.label')} className="flex h-full flex-col bg-side">
      <div className="flex h-13 shrink-0 items-center gap-2 ps-4 pe-2.5">
        <Logo className="size-6" />
        <span className="flex-1 text-base font-semibold tracking-tight">{t('app.name')}</span>
        <IconButton icon={drawer ? X : PanelLeftClose} label={t('list.close')} keys={closeKeys} onClick={onClose} className="rtl:-scale-x-100" />
      </div>
      <div className="space-y-0.5 px-2.5 pb-2">
        <Link to="/" search={folder && { folder: folder.id }} onClick={chosen} className={row}>
          <SquarePen aria-hidden="true" className="size-4 text-muted" />
          {t('chat.newChat')}
        </Link>
        <button type="button" onClick={onSearch} className={row}>
          <Search aria-hidden="true" className="size-4 text-muted" />
          <span className="flex-1 text-start">{t('list.search')}</span>
          <kbd className="font-sans text-xs text-muted pointer-coarse:hidden">{keys}</kbd>
        </button>
      </div>
      {shown !== home && (
        <div className="flex items-center gap-1 px-2.5 pb-1">
          <IconButton icon={ArrowLeft} size="sm" label={t('list.backToChats')} onClick={() => setFilter(home)} className="rtl:-scale-x-100" />
          <h2 className="min-w-0 flex-1 truncate text-sm font-medium">{folder?.name ?? t('list.archived')}</h2>
          {folder && <FolderMenu folder={folder} onRename={() => setTask({ do: 'rename', folder })} onDelete={() => setTask({ do: 'delete', folder })} />}
        </div>
      )}
      <ConversationList
        key={`${shown.archived} ${shown.folder}`}
        chat={chat}
        filter={shown}
        onChosen={chosen}
        onShare={onShare}
        onFolder={(f) => setFilter({ archived: false, folder: f.id })}
        onGone={(ids) => {
          if (ids.includes(chat)) void navigate({ to: '/' })
        }}
      />
      <FolderDialogs task={task} onClose={() => setTask(null)} onMade={() => {}} />
      <div className="border-t border-line p-2.5 pb-[max(0.625rem,env(safe-area-inset-bottom))]">{footer(() => setFilter({ archived: true, folder: '' }))}</div>
    </nav>
  )
}

const row =
  'flex h-9 w-full items-center gap-3 rounded-sm px-2.5 text-sm font-medium transition-colors hover:bg-hover active:bg-press pointer-coarse:h-11'
