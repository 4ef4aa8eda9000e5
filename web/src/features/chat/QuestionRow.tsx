import clsx from 'clsx'
import { Ellipsis, GitFork, Pencil } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Message } from '@/api/types'
import { CopyButton } from '@/kit/CopyButton'
import { IconButton } from '@/kit/IconButton'
import { Menu, MenuItem } from '@/kit/Menu'
import { Bubble } from './Bubble'
import { MessageEditor } from './MessageEditor'
import { Siblings } from './Siblings'
import type { Place } from './tree'
import { useRowActions } from './useRowActions'

interface Props {
  message: Message
  place: Place
  canAsk: boolean
  marked: boolean
  onShow: (id: string) => void
  onEdit: (text: string) => void
}

/** A message of the reader's. Sent again it makes a sibling; the old one stays behind the arrows. */
export function QuestionRow({ message, place, canAsk, marked, onShow, onEdit }: Props) {
  const { t } = useTranslation()
  const [editing, setEditing] = useState(false)
  const pencil = useRef<HTMLButtonElement>(null)
  const { save, fork } = useRowActions(message)
  const close = () => {
    setEditing(false)
    requestAnimationFrame(() => pencil.current?.focus())
  }
  if (editing) {
    return (
      <MessageEditor
        text={message.text}
        onCancel={close}
        onSave={(text) => {
          close()
          save(text)
        }}
        onRerun={(text) => {
          setEditing(false)
          onEdit(text)
        }}
      />
    )
  }
  return (
    <article id={message.id} className="group flex flex-col items-end">
      <Bubble text={message.text} marked={marked} />
      <div className="mt-0.5 flex h-7 items-center gap-0.5 pointer-coarse:h-9">
        <div className={quiet}>
          {message.edited_at && <span className="pe-1.5 text-xs text-muted">{t('actions.edited')}</span>}
          <CopyButton text={message.text} label={t('chat.copy')} />
          {canAsk && <IconButton ref={pencil} icon={Pencil} size="sm" label={t('chat.edit')} onClick={() => setEditing(true)} />}
          {canAsk && (
            <Menu trigger={<IconButton icon={Ellipsis} size="sm" label={t('actions.more')} />}>
              <MenuItem icon={GitFork} onSelect={fork}>
                {t('actions.fork')}
              </MenuItem>
            </Menu>
          )}
        </div>
        <Siblings id={message.id} place={place} onShow={onShow} />
      </div>
    </article>
  )
}

/** A message that is still being sent. */
export function Said({ text }: { text: string }) {
  return (
    <article className="flex flex-col items-end">
      <Bubble text={text} />
    </article>
  )
}

/** Shows its content when the row is pointed at or has the focus; always where nothing can point. */
export const quiet = clsx(
  'flex min-w-0 flex-wrap items-center gap-0.5 opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100 has-aria-expanded:opacity-100 pointer-coarse:opacity-100',
)
