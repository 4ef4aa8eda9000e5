import clsx from 'clsx'
import { Check, ChevronDown, Columns2, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Model } from '@/api/types'
import { Button } from '@/kit/Button'
import { Option } from '@/kit/Option'
import { Popover } from '@/kit/Popover'
import { useListbox } from '@/kit/useListbox'
import { ModelFactsLine } from './ModelFactsLine'

interface Props {
  models: Model[]
  model?: string
  /** The second model, that answers beside the first. */
  beside?: string
  onModel: (id: string) => void
  onBeside: (id: string | undefined) => void
}

/** Chooses the model, or the two, that answer. */
export function ModelPicker({ models, model, beside, onModel, onBeside }: Props) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [second, setSecond] = useState(false)
  const show = (next: boolean) => {
    setOpen(next)
    setSecond(false)
  }
  const name = beside ? t('models.two', { first: model, second: beside }) : model
  return (
    <Popover
      open={open}
      onOpenChange={show}
      label={t('chat.chooseModel')}
      className="w-[min(26rem,calc(100vw-1rem))]"
      trigger={
        <button
          type="button"
          aria-label={`${t('chat.chooseModel')}: ${name ?? ''}`}
          className="flex h-9 max-w-[45vw] items-center gap-1.5 max-sm:max-w-30 rounded-sm px-2.5 text-sm text-muted transition-colors hover:bg-hover hover:text-text aria-expanded:bg-hover aria-expanded:text-text"
        >
          {beside && <Columns2 aria-hidden="true" className="size-4 shrink-0 text-accent" />}
          <span className="truncate">{name ?? t('chat.model')}</span>
          <ChevronDown aria-hidden="true" className="size-4 shrink-0" />
        </button>
      }
    >
      <Choices
        key={String(second)}
        label={second ? t('models.secondTitle') : t('chat.chooseModel')}
        models={second ? models.filter((m) => m.id !== model) : models}
        value={second ? beside : model}
        onChoose={(id) => {
          if (second) onBeside(id)
          else {
            onModel(id)
            if (id === beside) onBeside(undefined)
          }
          show(false)
        }}
      />
      {models.length > 1 && (
        <div className="flex items-center gap-2 border-t border-line p-2">
          {beside && !second ? (
            <Button size="sm" look="ghost" onClick={() => onBeside(undefined)}>
              <Columns2 aria-hidden="true" className="size-4 text-muted" />
              {t('models.one')}
            </Button>
          ) : (
            <Button size="sm" look="ghost" onClick={() => setSecond(!second)}>
              <Columns2 aria-hidden="true" className="size-4 text-muted" />
              {second ? t('models.back') : t('models.beside')}
            </Button>
          )}
        </div>
      )}
    </Popover>
  )
}

interface ChoicesProps {
  label: string
  models: Model[]
  value?: string
  onChoose: (id: string) => void
}

function Choices({ label, models, value, onChoose }: ChoicesProps) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  const found = findModels(models, text)
  const list = useListbox(found.length, (i) => found[i] && onChoose(found[i].id), { begin: Math.max(0, models.findIndex((m) => m.id === value)) })
  return (
    <>
      <div className="flex shrink-0 items-center gap-2.5 border-b border-line px-3">
        <Search aria-hidden="true" className="size-4 shrink-0 text-muted" />
        <input
          ref={field}
          role="combobox"
          aria-label={label}
          aria-expanded={found.length > 0}
          aria-controls={list.id}
          aria-activedescendant={list.active}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          value={text}
          placeholder={label}
          onChange={(e) => {
            setText(e.target.value)
            list.setAt(0)
          }}
          onKeyDown={list.onKeyDown}
          className="h-11 min-w-0 flex-1 bg-transparent text-sm outline-none"
        />
      </div>
      <div id={list.id} role="listbox" aria-label={label} className={clsx('min-h-0 max-h-96 overflow-y-auto', found.length > 0 && 'p-1')}>
        {found.map((m, i) => (
          <Option key={m.id} id={list.optionId(i)} active={i === list.at} selected={m.id === value} onPoint={() => list.setAt(i)} onChoose={() => onChoose(m.id)}>
            <div className="flex items-center gap-2">
              <span className="truncate text-sm font-medium">{m.id}</span>
              {m.parley?.default && <span className="shrink-0 rounded-full bg-accent-soft px-1.5 text-xs text-accent">{t('models.default')}</span>}
              {m.id === value && <Check aria-hidden="true" className="ms-auto size-4 shrink-0 text-accent" />}
            </div>
            {m.parley?.description && <p className="mt-0.5 text-xs text-muted">{m.parley.description}</p>}
            <ModelFactsLine facts={m.parley} />
          </Option>
        ))}
      </div>
      {found.length === 0 && <p className="px-3 py-6 text-center text-sm text-muted">{t('models.none', { q: text.trim() })}</p>}
    </>
  )
}

/** The models whose name or description has every word of the text. */
export function findModels(models: readonly Model[], text: string): Model[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return models.filter((m) => {
    const about = [m.id, m.parley?.description, m.parley?.parameters, m.parley?.quantisation].join(' ').toLowerCase()
    return words.every((w) => about.includes(w))
  })
}
