import { ArrowUp, Square } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Tooltip } from '@/kit/Tooltip'
import { useDraft } from './drafts'
import { useTurn } from './useTurn'

interface Props {
  draftKey: string
  disabled?: boolean
  /** The turn on its way, which can be stopped and must end before the next message. */
  active?: string
  onSend: (text: string) => void
  onStop: () => void
}

/** The id of the field, for shortcuts that move the focus there. */
export const composerId = 'composer'

/** Where messages are written. Enter sends, Shift+Enter breaks the line, Escape stops the answer. */
export function Composer({ draftKey, disabled = false, active, onSend, onStop }: Props) {
  const { t } = useTranslation()
  const [text, setText] = useDraft(draftKey)
  const field = useRef<HTMLTextAreaElement>(null)
  const stopping = useTurn(active ?? '')?.stopping ?? false

  useLayoutEffect(() => {
    const el = field.current
    if (!el) return
    el.style.height = 'auto'
    el.style.height = `${el.scrollHeight}px`
  }, [text])

  // A phone's keyboard should not rise by itself.
  useEffect(() => {
    if (!disabled && !matchMedia('(pointer: coarse)').matches) field.current?.focus()
  }, [draftKey, disabled])

  useEffect(() => {
    if (!active) return
    const onKey = (e: globalThis.KeyboardEvent) => {
      if (e.key === 'Escape' && !e.defaultPrevented && !document.querySelector('[role="dialog"], [role="menu"]')) onStop()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [active, onStop])

  const ready = text.trim() !== '' && !disabled && !active
  const send = () => {
    if (!ready) return
    setText('')
    onSend(text.trim())
  }
  const onKeyDown = (e: KeyboardEvent) => {
    // While an input method composes a word, Enter belongs to it. A phone has no Shift+Enter.
    if (e.key !== 'Enter' || e.shiftKey || e.nativeEvent.isComposing || matchMedia('(pointer: coarse)').matches) return
    e.preventDefault()
    send()
  }

  return (
    <form
      className="flex items-end gap-2 rounded-xl border border-line bg-raised p-2 shadow-mid transition-colors focus-within:border-edge"
      onSubmit={(e) => {
        e.preventDefault()
        send()
      }}
    >
      <label htmlFor={composerId} className="sr-only">
        {t('chat.message')}
      </label>
      <textarea
        ref={field}
        id={composerId}
        rows={1}
        value={text}
        disabled={disabled}
        placeholder={t('chat.placeholder')}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={onKeyDown}
        className="max-h-[40vh] min-w-0 flex-1 resize-none bg-transparent px-3 py-1.5 text-read leading-relaxed outline-none"
      />
      {active ? (
        <Tooltip text={t('chat.stop')} keys="Esc" side="top">
          <button type="button" aria-label={stopping ? t('chat.stopping') : t('chat.stop')} aria-disabled={stopping} onClick={onStop} className={round}>
            <Square aria-hidden="true" className="size-3.5 fill-current" />
          </button>
        </Tooltip>
      ) : (
        <button type="submit" aria-label={t('chat.send')} disabled={!ready} className={round}>
          <ArrowUp aria-hidden="true" className="size-5" strokeWidth={2.2} />
        </button>
      )}
    </form>
  )
}

const round =
  'inline-flex size-10 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent transition-colors hover:bg-accent-hover disabled:bg-press disabled:text-muted aria-disabled:opacity-60'
