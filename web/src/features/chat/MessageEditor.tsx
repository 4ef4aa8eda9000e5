import { useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { Button } from '@/kit/Button'

interface Props {
  text: string
  onCancel: () => void
  /** Keeps the text in place. */
  onSave: (text: string) => void
  /** Sends it as another version, which is answered anew. Absent for an answer. */
  onRerun?: (text: string) => void
}

/** Changes a message: Ctrl+S saves it, Ctrl+Enter sends it again, Escape leaves it. */
export function MessageEditor({ text: before, onCancel, onSave, onRerun }: Props) {
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
  const ready = text.trim() !== ''
  const save = () => ready && (text.trim() === before.trim() ? onCancel() : onSave(text.trim()))
  const rerun = () => (onRerun ? ready && onRerun(text.trim()) : save())
  return (
    <form
      className="rounded-lg border border-line bg-sunken p-3 transition-colors focus-within:border-edge"
      onSubmit={(e) => {
        e.preventDefault()
        rerun()
      }}
    >
      <textarea
        ref={field}
        rows={1}
        dir="auto"
        aria-label={onRerun ? t('chat.editing') : t('actions.editingAnswer')}
        value={text}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          const command = e.metaKey || e.ctrlKey
          if (e.key === 'Escape') onCancel()
          else if (e.key === 'Enter' && command) rerun()
          else if (e.key.toLowerCase() === 's' && command && !e.shiftKey) save()
          else return
          e.preventDefault()
        }}
        className="max-h-[50vh] w-full resize-none bg-transparent px-1 text-read outline-none"
      />
      <div className="mt-2 flex flex-wrap justify-end gap-2">
        <Button size="sm" onClick={onCancel}>
          {t('kit.cancel')}
        </Button>
        <Button size="sm" type={onRerun ? 'button' : 'submit'} look={onRerun ? 'secondary' : 'primary'} disabled={!ready} onClick={onRerun && save} title="Ctrl+S">
          {t('actions.save')}
        </Button>
        {onRerun && (
          <Button size="sm" type="submit" look="primary" disabled={!ready} title="Ctrl+Enter">
            {t('chat.saveRerun')}
          </Button>
        )}
      </div>
    </form>
  )
}
