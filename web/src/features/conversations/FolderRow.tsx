import clsx from 'clsx'
import { Ellipsis, Folder as FolderIcon, FolderOpen, Pencil, Trash2 } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Folder } from '@/api/types'
import { Menu, MenuItem } from '@/kit/Menu'
import { useChatDrop } from './drag'

interface Props {
  folder: Folder
  /** The chat that is open is in it. */
  holdsOpen: boolean
  onOpen: () => void
  onRename: () => void
  onDelete: () => void
  onDrop: (ids: string[]) => void
}

export function FolderRow({ folder, holdsOpen, onOpen, onRename, onDelete, onDrop }: Props) {
  const { over, drop } = useChatDrop(onDrop)
  const Icon = over || holdsOpen ? FolderOpen : FolderIcon
  return (
    <div {...drop} role="presentation" className={clsx('group/row relative rounded-sm transition-colors hover:bg-hover', over && 'bg-accent-soft outline-2 -outline-offset-2 outline-accent')}>
      <button type="button" onClick={onOpen} className="flex h-9 w-full items-center gap-2.5 rounded-sm ps-2.5 pe-9 text-start text-sm focus-visible:-outline-offset-2 pointer-coarse:h-11">
        <Icon aria-hidden="true" className={clsx('size-4 shrink-0', holdsOpen ? 'text-accent' : 'text-muted')} />
        <span dir="auto" className="truncate">{folder.name}</span>
        {folder.conversations > 0 && <span className="text-xs text-muted tabular-nums">{folder.conversations}</span>}
      </button>
      <FolderMenu folder={folder} onRename={onRename} onDelete={onDelete} quiet />
    </div>
  )
}

export function FolderMenu({ folder, quiet, onRename, onDelete }: { folder: Folder; quiet?: boolean; onRename: () => void; onDelete: () => void }) {
  const { t } = useTranslation()
  return (
    <Menu
      align="start"
      trigger={
        <button
          type="button"
          aria-label={t('folders.options', { name: folder.name })}
          className={clsx(
            'flex size-8 shrink-0 items-center justify-center rounded-sm text-muted transition-opacity hover:text-text focus-visible:-outline-offset-2',
            quiet &&
              'absolute inset-y-0 end-0.5 my-auto opacity-0 group-hover/row:opacity-100 focus-visible:opacity-100 aria-expanded:opacity-100 pointer-coarse:opacity-100',
          )}
        >
          <Ellipsis aria-hidden="true" className="size-4" />
        </button>
      }
    >
      <MenuItem icon={Pencil} onSelect={onRename}>
        {t('list.rename')}
      </MenuItem>
      <MenuItem icon={Trash2} danger onSelect={onDelete}>
        {t('folders.delete')}
      </MenuItem>
    </Menu>
  )
}
