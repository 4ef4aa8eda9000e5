import clsx from 'clsx'
import { Pencil } from 'lucide-react'
import { useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '@/api/types'
import { Button } from '@/kit/Button'
import { CopyButton } from '@/kit/CopyButton'
import { IconButton } from '@/kit/IconButton'
import { Siblings } from './Siblings'
import type { Place } from './tree'

interface Props {
  message: Message
  place: Place
  canAsk: boolean
  marked: boolean
  onShow: (id: string) => void
  onEdit: (text: string) => void
}

/** A message of the reader's. To edit it makes a sibling; the old one stays behind the arrows. */
export function QuestionRow({ message, place, canAsk, marked, onShow, onEdit }: Props) {
  const { t } = useTranslation()
  const [editing, setEditing] = useState(false)
  const pencil = useRef<HTMLButtonElement>(null)
  const close = () => {
    setEditing(false)
    requestAnimationFrame(() => pencil.current?.focus())
  }
  if (editing) {
    return (
      <Editor
        text={message.text}
        onCancel={close}
        onSave={(text) => {
          setEditing(false)
          onEdit(text)
        }}
      />
    )
  }
  return (
    <article id={message.id} className="group -mb-5 flex flex-col items-end">
      <Bubble text={message.text} marked={marked} />
      <div className="mt-1 flex h-8 items-center gap-0.5 pointer-coarse:h-9">
        <div className={quiet}>
          <CopyButton text={message.text} label={t('chat.copy')} />
          {canAsk && <IconButton ref={pencil} icon={Pencil} size="sm" label={t('chat.edit')} onClick={() => setEditing(true)} />}
        </div>
        <Siblings place={place} onShow={onShow} />
      </div>
    </article>
  )
}

/** A message that is still being sent. */
export function Said({ text }: { text: string }) {
  return (
    <article className="mb-4 flex flex-col items-end">
      <Bubble text={text} />
    </article>
  )
}

function Bubble({ text, marked }: { text: string; marked?: boolean }) {
  const { t } = useTranslation()
  return (
    <>
      <h2 className="sr-only">{t('chat.you')}</h2>
      <div
        className={clsx(
          'max-w-[85%] rounded-lg rounded-br-sm bg-sunken px-4 py-2.5 text-read wrap-anywhere whitespace-pre-wrap',
          marked && 'outline-2 outline-offset-4 outline-accent',
        )}
      >
        {text}
      </div>
    </>
  )
}

interface EditorProps {
  text: string
  onCancel: () => void
  onSave: (text: string) => void
}

function Editor({ text: before, onCancel, onSave }: EditorProps) {
  const { t } = useTranslation()
  const [text, setText] = useState(before)
  const field = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    const el = field.current
    if (!el) return
    el.focus()
    el.setSelectionRange(el.value.length, el.value.length)
  }, [])
  useLayoutEffect(() => {
    const el = field.current
    if (!el) return
    el.style.height = 'auto'
    el.style.height = `${el.scrollHeight}px`
  }, [text])
  const save = () => {
    if (text.trim()) onSave(text.trim())
  }
  return (
    <form
      className="rounded-lg border border-line bg-sunken p-3"
      onSubmit={(e) => {
        e.preventDefault()
        save()
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label={t('chat.editing')}
        value={text}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape') {
            e.preventDefault()
            onCancel()
          } else if (e.key === 'Enter' && (e.metaKey || e.ctrlKey)) {
            e.preventDefault()
            save()
          }
        }}
        className="max-h-[50vh] w-full resize-none bg-transparent px-1 text-read outline-none"
      />
      <div className="mt-2 flex justify-end gap-2">
        <Button size="sm" onClick={onCancel}>
          {t('kit.cancel')}
        </Button>
        <Button size="sm" type="submit" look="primary" disabled={!text.trim()}>
          {t('chat.saveRerun')}
        </Button>
      </div>
    </form>
  )
}

/** Shows its content when the row is pointed at or has the focus; always where nothing can point. */
export const quiet =
  'flex items-center gap-0.5 opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100'
