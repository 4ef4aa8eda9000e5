import type { LucideIcon } from 'lucide-react'
import { RadioGroup } from 'radix-ui'

interface Props<T extends string> {
  label: string
  value: T
  onChange: (value: T) => void
  options: { value: T; label: string; icon?: LucideIcon; disabled?: boolean }[]
}

/** A few choices side by side, one of them chosen. */
export function Segmented<T extends string>({ label, value, onChange, options }: Props<T>) {
  return (
    <RadioGroup.Root
      aria-label={label}
      value={value}
      onValueChange={(v) => onChange(v as T)}
      className="inline-flex gap-0.5 rounded-md bg-sunken p-0.5"
    >
      {options.map(({ value: v, label: text, icon: Icon, disabled }) => (
        <RadioGroup.Item
          key={v}
          value={v}
          disabled={disabled}
          className="flex min-h-8 cursor-pointer items-center gap-2 rounded-[0.5rem] px-3 py-1 text-start text-sm text-muted transition-colors hover:text-text disabled:opacity-50 disabled:hover:text-muted data-[state=checked]:bg-chosen data-[state=checked]:font-medium data-[state=checked]:text-text data-[state=checked]:shadow-low"
        >
          {Icon && <Icon aria-hidden="true" className="size-4" />}
          {text}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  )
}
