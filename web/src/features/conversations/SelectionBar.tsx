import { Archive, ArchiveRestore, FolderInput, Trash2, X } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Conversation, Folder } from '@/api/types'
import { IconButton } from '@/kit/IconButton'
import { Menu } from '@/kit/Menu'
import type { ListActions } from './ConversationList'
import { MoveMenu } from './ConversationRow'

interface Props {
  chosen: Conversation[]
  archived: boolean
  folders: readonly Folder[]
  allChosen: boolean
  onAll: (all: boolean) => void
  onEnd: () => void
  actions: ListActions
}

/** What can be done with the chats that are chosen. */
export function SelectionBar({ chosen, archived, folders, allChosen, onAll, onEnd, actions }: Props) {
  const { t } = useTranslation()
  const none = chosen.length === 0
  const then = (fn: () => void) => () => {
    fn()
    onEnd()
  }
  return (
    <div role="toolbar" aria-label={t('list.selection')} className="flex items-center gap-0.5 px-2.5 pb-1">
      <label className="flex min-w-0 flex-1 cursor-pointer items-center gap-2.5 ps-2.5 text-sm font-medium">
        <input type="checkbox" aria-label={t('list.selectAll')} checked={allChosen} onChange={() => onAll(!allChosen)} className="size-4 shrink-0 accent-accent" />
        <span role="status" className="truncate tabular-nums">
          {t('list.selected', { count: chosen.length })}
        </span>
      </label>
      <Menu trigger={<IconButton icon={FolderInput} size="sm" label={t('folders.move')} disabled={none} />}>
        <MoveMenu
          conversations={chosen}
          folders={folders}
          actions={{
            move: (list, folder) => then(() => actions.move(list, folder))(),
            newFolder: (list) => then(() => actions.newFolder(list))(),
          }}
        />
      </Menu>
      <IconButton icon={archived ? ArchiveRestore : Archive} size="sm" label={archived ? t('list.unarchive') : t('list.archive')} disabled={none} onClick={then(() => actions.archive(chosen, !archived))} />
      <IconButton icon={Trash2} size="sm" label={t('list.delete')} disabled={none} onClick={then(() => actions.remove(chosen))} />
      <IconButton icon={X} size="sm" label={t('list.selectEnd')} onClick={onEnd} />
    </div>
  )
}
