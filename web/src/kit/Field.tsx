import clsx from 'clsx'
import { Eye, EyeOff } from 'lucide-react'
import { useId, useState, type ComponentProps } from 'react'
import { useTranslation } from '@/i18n/useTranslation'

interface Props extends ComponentProps<'input'> {
  label: string
  hint?: string
  error?: string
}

/** A labelled input. An error is told to the screen reader with the field, and takes the hint's place. */
export function Field({ label, hint, error, className, type = 'text', id, ...rest }: Props) {
  const { t } = useTranslation()
  const own = useId()
  const [shown, setShown] = useState(false)
  const field = id ?? own
  const note = error ?? hint
  const secret = type === 'password'
  return (
    <div className={className}>
      <label htmlFor={field} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          {...rest}
          id={field}
          type={secret && shown ? 'text' : type}
          aria-invalid={error ? true : undefined}
          aria-describedby={note ? `${field}-note` : undefined}
          className={clsx(inputClass, secret && 'pe-10')}
        />
        {secret && (
          <button
            type="button"
            aria-label={shown ? t('kit.hidePassword') : t('kit.showPassword')}
            onClick={() => setShown(!shown)}
            className="absolute inset-y-0 end-0 flex w-10 items-center justify-center rounded-md text-muted hover:text-text"
          >
            {shown ? <EyeOff aria-hidden="true" className="size-4" /> : <Eye aria-hidden="true" className="size-4" />}
          </button>
        )}
      </div>
      {note && (
        <p id={`${field}-note`} className={clsx('mt-1.5 text-sm', error ? 'text-danger' : 'text-muted')}>
          {note}
        </p>
      )}
    </div>
  )
}

export const inputClass = clsx(
  'h-10 w-full rounded-md border border-edge bg-raised px-3 text-base text-text transition-colors',
  'hover:border-muted focus-visible:outline-offset-0 aria-invalid:border-danger disabled:opacity-60',
)
