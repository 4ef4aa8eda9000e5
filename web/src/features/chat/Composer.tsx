import clsx from 'clsx'
import { ArrowUp, ListPlus, Paperclip, Square } from 'lucide-react'
import { lazy, Suspense, useEffect, useLayoutEffect, useRef, type ClipboardEvent, type KeyboardEvent } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Model } from '@/api/types'
import { useKeysOf } from '@/features/commands/keys'
import { useOffer } from '@/features/commands/offers'
import { IconButton } from '@/kit/IconButton'
import { Notice } from '@/kit/Notice'
import { tip } from '@/kit/Tooltip'
import { chooseKnowledge, useKnowledge } from '@/features/knowledge/choice'
import { KnowledgeChip, KnowledgeMenu } from '@/features/knowledge/KnowledgeMenu'
import { useAttachments } from './attachments'
import { useDraft } from './drafts'
import { FileChip } from './FileChip'
import { withFiles } from './files'
import { look } from './greet'
import { Suggestions } from './Suggestions'
import { useFileDrop } from './useFileDrop'
import { useSuggestions } from './useSuggestions'
import { useTurn } from './useTurn'

const VariablesDialog = lazy(() => import('@/features/prompts/VariablesDialog').then((m) => ({ default: m.VariablesDialog })))

interface Props {
  draftKey: string
  /** '' for a new conversation. */
  chat?: string
  disabled?: boolean
  /** The turn on its way, which can be stopped. What is sent meanwhile waits for its end. */
  active?: string
  models?: Model[]
  temporary?: boolean
  onSend: (text: string) => void
  onStop: () => void
  onModel?: (id: string) => void
  onPrompts?: () => void
  onKnowledge?: () => void
}

/** The id of the field, for shortcuts that move the focus there. */
export const composerId = 'composer'

const noModels: Model[] = []
const nothing = () => {}

/** Where messages are written. Enter sends, or queues; Shift+Enter breaks the line, Escape stops the answer. */
export function Composer({ draftKey, chat = '', disabled = false, active, models = noModels, temporary, onSend, onStop, onModel = nothing, onPrompts = nothing, onKnowledge = nothing }: Props) {
  const { t } = useTranslation()
  useOffer('composer', disabled ? undefined : () => document.getElementById(composerId)?.focus())
  const stopKeys = useKeysOf('stop')
  const [text, setText] = useDraft(draftKey)
  const knowledge = useKnowledge(chat)
  const choose = (choice: typeof knowledge) => chooseKnowledge(chat, choice)
  const field = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const stopping = useTurn(active ?? '')?.stopping ?? false
  const attached = useAttachments(draftKey)
  const over = useFileDrop(disabled ? undefined : (files) => void attached.add(files))
  const offers = useSuggestions({ text, setText, models, onModel, onPrompts, onKnowledge: choose })

  useLayoutEffect(() => {
    const el = field.current
    if (!el) return
    el.style.height = ''
    // To ask for a height has the whole page laid out; empty it is one row, without asking.
    if (text !== '') el.style.height = `${el.scrollHeight}px`
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

  const ready = (text.trim() !== '' || attached.files.length > 0) && !disabled
  const send = () => {
    if (!ready) return
    setText('')
    attached.clear()
    onSend(withFiles(text.trim(), attached.files))
  }
  const onKeyDown = (e: KeyboardEvent) => {
    if (offers.onKeyDown(e)) return
    // While an input method composes a word, Enter belongs to it. A phone has no Shift+Enter.
    if (e.key !== 'Enter' || e.shiftKey || e.nativeEvent.isComposing || matchMedia('(pointer: coarse)').matches) return
    e.preventDefault()
    send()
  }
  const onPaste = (e: ClipboardEvent) => {
    const files = [...e.clipboardData.files]
    if (files.length === 0) return
    e.preventDefault()
    void attached.add(files)
  }
  const open = offers.items.length > 0

  return (
    <div className="relative">
      {open && <Suggestions items={offers.items} list={offers.list} label={t(listNames[offers.kind ?? 'prompt'])} onChoose={offers.choose} />}
      <div role="status" className="sr-only">
        {open ? t('composer.offers', { count: offers.items.length }) : ''}
      </div>
      {attached.refused.length > 0 && (
        <Notice tone="warn" className="mb-2">
          {attached.refused.map((why) => (
            <p key={why}>{why}</p>
          ))}
        </Notice>
      )}
      <form
        className={clsx(
          look.field,
          temporary ? 'border-dashed border-edge' : 'border-line',
          over && 'outline-2 outline-accent',
        )}
        onSubmit={(e) => {
          e.preventDefault()
          send()
        }}
      >
        {attached.files.length > 0 && (
          <ul aria-label={t('composer.files')} className="flex flex-wrap gap-1.5 px-1 pt-1 pb-2">
            {attached.files.map((f) => (
              <li key={f.name + f.size}>
                <FileChip file={f} onRemove={() => attached.remove(f)} />
              </li>
            ))}
          </ul>
        )}
        {knowledge && (
          <div className="px-1 pt-1 pb-2">
            <KnowledgeChip choice={knowledge} onRemove={() => choose(undefined)} />
          </div>
        )}
        <div className="flex items-end gap-1">
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label={t('composer.attach')}
            onChange={(e) => {
              void attached.add([...(e.target.files ?? [])])
              e.target.value = ''
            }}
          />
          <IconButton icon={Paperclip} label={t('composer.attach')} side="top" disabled={disabled} onClick={() => picker.current?.click()} className="my-0.5 rounded-full" />
          <KnowledgeMenu choice={knowledge} disabled={disabled} onChoose={choose} onManage={onKnowledge} />
          <textarea
            ref={field}
            id={composerId}
            aria-label={t('chat.message')}
            rows={1}
            // Empty it has no direction of its own, and its placeholder runs as the page does.
            dir={text ? 'auto' : undefined}
            value={text}
            disabled={disabled}
            placeholder={over ? t('composer.drop') : temporary ? t('temporary.placeholder') : t('chat.placeholder')}
            aria-autocomplete="list"
            aria-controls={open ? offers.list.id : undefined}
            aria-activedescendant={open ? offers.list.active : undefined}
            onChange={(e) => {
              setText(e.target.value)
              offers.onCaret(e.target.selectionStart)
              if (attached.refused.length > 0) attached.forgive()
            }}
            onSelect={(e) => offers.onCaret(e.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            className="max-h-[40vh] min-w-0 flex-1 resize-none bg-transparent px-2 py-1.5 text-read leading-relaxed outline-none"
          />
          {active && ready && (
            <button
              type="submit"
              aria-label={t('composer.enqueue')}
              {...tip(t('composer.enqueue'), undefined, 'top')}
              className={clsx(round, 'bg-sunken text-text hover:bg-press')}
            >
              <ListPlus aria-hidden="true" className="size-5" />
            </button>
          )}
          {active ? (
            <button
              type="button"
              aria-label={stopping ? t('chat.stopping') : t('chat.stop')}
              aria-disabled={stopping}
              onClick={onStop}
              {...tip(t('chat.stop'), stopKeys, 'top')}
              className={clsx(round, primary)}
            >
              <Square aria-hidden="true" className="size-3.5 fill-current" />
            </button>
          ) : (
            <button type="submit" aria-label={t('chat.send')} disabled={!ready} className={clsx(round, primary)}>
              <ArrowUp aria-hidden="true" className="size-5" strokeWidth={2.2} />
            </button>
          )}
        </div>
      </form>
      <Suspense>
        {offers.asking && (
          <VariablesDialog
            prompt={offers.asking}
            onClose={() => offers.endAsking()}
            onDone={(filled) => {
              offers.endAsking(filled)
              requestAnimationFrame(() => field.current?.focus())
            }}
          />
        )}
      </Suspense>
    </div>
  )
}

const listNames = { prompt: 'prompts.title', model: 'chat.chooseModel', knowledge: 'knowledge.use' } as const

const round = 'inline-flex size-10 shrink-0 items-center justify-center rounded-full transition-colors'
const primary = 'bg-accent text-on-accent hover:bg-accent-hover disabled:bg-press disabled:text-muted aria-disabled:opacity-60'
