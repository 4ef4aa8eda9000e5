import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import { Archive, ArchiveRestore, Ellipsis, Pencil, Pin, PinOff, Trash2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Conversation, ConversationPatch } from '@/api/types'
import { Menu, MenuItem, MenuLine } from '@/kit/Menu'

interface Props {
  conversation: Conversation
  open: boolean
  onChosen: () => void
  onChange: (patch: ConversationPatch) => void
  onDelete: () => void
}

export function ConversationRow({ conversation: c, open, onChosen, onChange, onDelete }: Props) {
  const { t } = useTranslation()
  const [renaming, setRenaming] = useState(false)
  const title = c.title || t('chat.untitled')
  if (renaming) {
    return (
      <li>
        <Rename
          title={c.title}
          onEnd={(next) => {
            setRenaming(false)
            if (next && next !== c.title) onChange({ title: next })
          }}
        />
      </li>
    )
  }
  return (
    <li className={clsx('group/row relative rounded-sm transition-colors hover:bg-hover', open && 'bg-press')}>
      <Link
        to="/c/$id"
        params={{ id: c.id }}
        onClick={onChosen}
        aria-current={open ? 'page' : undefined}
        title={title}
        className="flex h-9 items-center rounded-sm ps-2.5 pe-9 text-sm focus-visible:-outline-offset-2 pointer-coarse:h-11"
      >
        <span className="truncate">{title}</span>
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
        <MenuItem icon={c.pinned ? PinOff : Pin} onSelect={() => onChange({ pinned: !c.pinned })}>
          {c.pinned ? t('list.unpin') : t('list.pin')}
        </MenuItem>
        {/* The field takes the focus once the menu has given it back. */}
        <MenuItem icon={Pencil} onSelect={() => setTimeout(() => setRenaming(true))}>
          {t('list.rename')}
        </MenuItem>
        {c.status === 'archived' ? (
          <MenuItem icon={ArchiveRestore} onSelect={() => onChange({ status: 'active' })}>
            {t('list.unarchive')}
          </MenuItem>
        ) : (
          <MenuItem icon={Archive} onSelect={() => onChange({ status: 'archived' })}>
            {t('list.archive')}
          </MenuItem>
        )}
        <MenuLine />
        <MenuItem icon={Trash2} danger onSelect={onDelete}>
          {t('list.delete')}
        </MenuItem>
      </Menu>
    </li>
  )
}

function Rename({ title, onEnd }: { title: string; onEnd: (title?: string) => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState(title)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.select(), [])
  return (
    <input
      ref={field}
      value={text}
      maxLength={200}
      aria-label={t('list.renameLabel')}
      onChange={(e) => setText(e.target.value)}
      onBlur={() => onEnd(text.trim())}
      onKeyDown={(e) => {
        if (e.key === 'Enter' && !e.nativeEvent.isComposing) {
          e.preventDefault()
          onEnd(text.trim())
        }
        if (e.key === 'Escape') onEnd()
      }}
      className="h-9 w-full rounded-sm border border-edge bg-raised px-2.5 text-sm focus-visible:outline-offset-0 pointer-coarse:h-11"
    />
  )
}
