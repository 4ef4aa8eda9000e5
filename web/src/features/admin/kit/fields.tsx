import clsx from 'clsx'
import { X } from 'lucide-react'
import { useId, useState, type ComponentProps, type KeyboardEvent, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { inputClass } from '@/kit/Field'

interface SelectProps extends ComponentProps<'select'> {
  label: string
  hint?: string
  error?: string
  options: { value: string; label: string }[]
}

/** A labelled choice of one. */
export function SelectField({ label, hint, error, options, className, ...rest }: SelectProps) {
  const id = useId()
  const note = error ?? hint
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      <select {...rest} id={id} aria-invalid={error ? true : undefined} aria-describedby={note ? `${id}-note` : undefined} className={inputClass}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>
            {o.label}
          </option>
        ))}
      </select>
      <Note id={id} text={note} bad={!!error} />
    </div>
  )
}

function Note({ id, text, bad }: { id: string; text?: string; bad: boolean }) {
  if (!text) return null
  return (
    <p id={`${id}-note`} className={clsx('mt-1.5 text-sm', bad ? 'text-danger' : 'text-muted')}>
      {text}
    </p>
  )
}

interface NamesProps {
  label: string
  name: string
  hint?: string
  error?: string
  value: string[]
  /** Offered while typing; others may be typed as well. */
  suggestions: string[]
  onChange: (value: string[]) => void
}

/** Several names, as chips: Enter or a comma adds what was typed, Backspace takes the last one back. */
export function NamesField({ label, name, hint, error, value, suggestions, onChange }: NamesProps) {
  const { t } = useTranslation('admin')
  const id = useId()
  const [text, setText] = useState('')
  const add = (typed: string) => {
    const one = typed.trim()
    setText('')
    if (one && !value.includes(one)) onChange([...value, one])
  }
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.nativeEvent.isComposing) return
    if ((e.key === 'Enter' && text.trim()) || e.key === ',') {
      e.preventDefault()
      add(text)
    } else if (e.key === 'Backspace' && text === '' && value.length > 0) onChange(value.slice(0, -1))
  }
  const note = error ?? hint
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      <div className={clsx('flex min-h-10 flex-wrap items-center gap-1.5 rounded-md border bg-raised px-2 py-1.5', error ? 'border-danger' : 'border-edge hover:border-muted')}>
        {value.map((v) => (
          <span key={v} className="inline-flex h-6 max-w-full items-center gap-0.5 rounded-sm bg-sunken ps-2 text-sm">
            <span className="truncate">{v}</span>
            <button
              type="button"
              aria-label={t('kit.remove', { name: v })}
              onClick={() => onChange(value.filter((other) => other !== v))}
              className="flex size-6 items-center justify-center rounded-sm text-muted hover:text-text focus-visible:-outline-offset-2"
            >
              <X aria-hidden="true" className="size-3.5" />
            </button>
          </span>
        ))}
        <input
          id={id}
          name={name}
          list={`${id}-list`}
          autoComplete="off"
          value={text}
          aria-invalid={error ? true : undefined}
          aria-describedby={note ? `${id}-note` : undefined}
          onKeyDown={onKeyDown}
          onBlur={() => add(text)}
          // A suggestion that was picked arrives whole.
          onChange={(e) => (suggestions.includes(e.target.value) && !('data' in e.nativeEvent) ? add(e.target.value) : setText(e.target.value))}
          className="h-6 min-w-24 flex-1 bg-transparent px-1 text-base outline-offset-2"
        />
        <datalist id={`${id}-list`}>
          {suggestions
            .filter((s) => !value.includes(s))
            .map((s) => (
              <option key={s} value={s} />
            ))}
        </datalist>
      </div>
      <Note id={id} text={note} bad={!!error} />
    </div>
  )
}

/** The buttons at the end of a form. */
export function FormEnd({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap items-center gap-2 pt-1">{children}</div>
}
