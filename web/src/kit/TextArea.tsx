import clsx from 'clsx'
import { useId, useLayoutEffect, useRef, type ComponentProps } from 'react'

interface Props extends ComponentProps<'textarea'> {
  label: string
  hint?: string
  /** Keeps the label for the screen reader only. */
  bare?: boolean
}

/** A labelled field of several lines, that grows with its text. */
export function TextArea({ label, hint, bare, className, id, ...rest }: Props) {
  const own = useId()
  const field = id ?? own
  const area = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    const el = area.current
    if (!el) return
    el.style.height = 'auto'
    el.style.height = `${el.scrollHeight + 2}px`
  }, [rest.value])
  return (
    <div className={className}>
      <label htmlFor={field} className={bare ? 'sr-only' : 'mb-1.5 block text-sm font-medium'}>
        {label}
      </label>
      <textarea
        rows={3}
        dir={rest.value ? 'auto' : undefined}
        {...rest}
        ref={area}
        id={field}
        aria-describedby={hint ? `${field}-note` : undefined}
        className={clsx(
          'block max-h-[40vh] w-full resize-none rounded-md border border-edge bg-raised px-3 py-2 text-base text-text transition-colors',
          'hover:border-muted focus-visible:outline-offset-0 disabled:opacity-60',
        )}
      />
      {hint && (
        <p id={`${field}-note`} className="mt-1.5 text-sm text-muted">
          {hint}
        </p>
      )}
    </div>
  )
}
