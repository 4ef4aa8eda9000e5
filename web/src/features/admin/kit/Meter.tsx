import clsx from 'clsx'

interface Props {
  /** 0 to 1. */
  value: number
  label: string
  /** The value in words, for the screen reader. */
  text: string
  tone?: 'good' | 'warn' | 'danger'
  /** Set for something under way, not for a level. */
  progress?: boolean
  className?: string
}

const fills = { good: 'bg-accent', warn: 'bg-warn', danger: 'bg-danger' }

/** A bar that is filled as far as the value says. */
export function Meter({ value, label, text, tone = 'good', progress = false, className }: Props) {
  const part = Math.min(1, Math.max(0, value))
  return (
    <div
      role={progress ? 'progressbar' : 'meter'}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(part * 100)}
      aria-valuetext={text}
      className={clsx('h-1.5 overflow-hidden rounded-full bg-sunken', className)}
    >
      <div className={clsx('h-full rounded-full transition-[width] duration-500', fills[tone])} style={{ width: `${part * 100}%` }} />
    </div>
  )
}
