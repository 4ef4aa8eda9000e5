import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import { Archive, ArchiveRestore, CircleCheck, Download, Ellipsis, Folder, FolderPlus, FolderX, Pencil, Pin, PinOff, Share2, Trash2 } from 'lucide-react'
import { memo, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Conversation, Folder as FolderType } from '@/api/types'
import { download } from '@/kit/download'
import { Menu, MenuItem, MenuLine, MenuSub } from '@/kit/Menu'
import { conversationPath } from './data'
import { dragChats } from './drag'
import type { ListActions } from './ConversationList'
import { Rename } from './Rename'

interface Props {
  conversation: Conversation
  open: boolean
  /** Undefined outside of the mode in which several are chosen. */
  selected?: boolean
  folders: readonly FolderType[]
  onChosen: () => void
  actions: ListActions
}

export const ConversationRow = memo(function ConversationRow({ conversation: c, open, selected, folders, onChosen, actions }: Props) {
  const { t } = useTranslation()
  const [renaming, setRenaming] = useState(false)
  const title = c.title || t('chat.untitled')
  if (selected !== undefined) {
    return (
      <label className="flex h-9 cursor-pointer items-center gap-2.5 rounded-sm px-2.5 text-sm transition-colors select-none hover:bg-hover has-checked:bg-accent-soft pointer-coarse:h-11">
        <input
          type="checkbox"
          checked={selected}
          onChange={() => {}}
          // A click of the keyboard comes this way too, and tells whether Shift is held.
          onClick={(e) => actions.toggle(c.id, e.shiftKey)}
          className="size-4 shrink-0 accent-accent"
        />
        <span dir="auto" className="truncate">{title}</span>
      </label>
    )
  }
  if (renaming) {
    return (
      <Rename
        title={c.title}
        onEnd={(next) => {
          setRenaming(false)
          if (next && next !== c.title) actions.change(c, { title: next })
        }}
      />
    )
  }
  return (
    <div
      role="presentation"
      draggable
      onDragStart={(e) => dragChats(e, [c.id], title)}
      className={clsx('group/row relative rounded-sm transition-colors hover:bg-hover', open && 'bg-press')}
    >
      <Link
        to="/c/$id"
        params={{ id: c.id }}
        draggable={false}
        onClick={onChosen}
        aria-current={open ? 'page' : undefined}
        title={title}
        // The title has the whole row until the button comes.
        className={clsx(
          'flex h-9 items-center rounded-sm px-2.5 text-sm group-focus-within/row:pe-9 group-hover/row:pe-9 group-has-aria-expanded/row:pe-9 focus-visible:-outline-offset-2 pointer-coarse:h-11 pointer-coarse:pe-9',
          open && 'pe-9',
        )}
      >
        <span dir="auto" className="truncate">{title}</span>
      </Link>
      <Menu
        align="start"
        trigger={
          <button
            type="button"
            aria-label={t('list.options', { title })}
            className={clsx(
              'absolute inset-y-0 end-0.5 my-auto flex size-8 items-center justify-center rounded-sm text-muted transition-opacity hover:text-text pointer-coarse:opacity-100',
              'group-hover/row:opacity-100 focus-visible:opacity-100 focus-visible:-outline-offset-2 aria-expanded:opacity-100',
              !open && 'opacity-0',
            )}
          >
            <Ellipsis aria-hidden="true" className="size-4" />
          </button>
        }
      >
        <MenuItem icon={Share2} onSelect={() => actions.share(c)}>
          {t('list.share')}
        </MenuItem>
        {/* The field takes the focus once the menu has given it back. */}
        <MenuItem icon={Pencil} onSelect={() => setTimeout(() => setRenaming(true))}>
          {t('list.rename')}
        </MenuItem>
        <MenuItem icon={c.pinned ? PinOff : Pin} onSelect={() => actions.change(c, { pinned: !c.pinned })}>
          {c.pinned ? t('list.unpin') : t('list.pin')}
        </MenuItem>
        <MoveMenu conversations={[c]} folders={folders} actions={actions} />
        <ExportMenu id={c.id} />
        <MenuLine />
        <MenuItem icon={CircleCheck} onSelect={() => actions.select(c.id)}>
          {t('list.select')}
        </MenuItem>
        <MenuItem icon={c.status === 'archived' ? ArchiveRestore : Archive} onSelect={() => actions.archive([c], c.status !== 'archived')}>
          {c.status === 'archived' ? t('list.unarchive') : t('list.archive')}
        </MenuItem>
        <MenuItem icon={Trash2} danger onSelect={() => actions.remove([c])}>
          {t('list.delete')}
        </MenuItem>
      </Menu>
    </div>
  )
})

/** A chat as a file. */
export function ExportMenu({ id }: { id: string }) {
  const { t } = useTranslation()
  return (
    <MenuSub icon={Download} label={t('list.export')}>
      <MenuItem onSelect={() => download(`${conversationPath(id)}/export?format=md`)}>Markdown</MenuItem>
      <MenuItem onSelect={() => download(`${conversationPath(id)}/export?format=json`)}>JSON</MenuItem>
    </MenuSub>
  )
}

/** The folders that chats can be moved to. */
export function MoveMenu({ conversations, folders, actions }: { conversations: Conversation[]; folders: readonly FolderType[]; actions: Pick<ListActions, 'move' | 'newFolder'> }) {
  const { t } = useTranslation()
  const inside = conversations.some((c) => c.folder_id)
  return (
    <MenuSub icon={Folder} label={t('folders.move')}>
      {folders.map((f) => (
        <MenuItem key={f.id} icon={Folder} disabled={conversations.every((c) => c.folder_id === f.id)} onSelect={() => actions.move(conversations, f)}>
          <span className="truncate">{f.name}</span>
        </MenuItem>
      ))}
      {folders.length > 0 && <MenuLine />}
      {inside && (
        <MenuItem icon={FolderX} onSelect={() => actions.move(conversations, null)}>
          {t('folders.takeOut')}
        </MenuItem>
      )}
      <MenuItem icon={FolderPlus} onSelect={() => actions.newFolder(conversations)}>
        {t('folders.new')}
      </MenuItem>
    </MenuSub>
  )
}
