import clsx from 'clsx'
import { Check, ChevronRight, type LucideIcon } from 'lucide-react'
import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

interface Props {
  trigger: ReactNode
  children: ReactNode
  align?: 'start' | 'end'
  side?: 'top' | 'bottom'
  className?: string
}

export function Menu({ trigger, children, align = 'end', side = 'bottom', className }: Props) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className={clsx(
            'z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-48 animate-rise overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-mid',
            className,
          )}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

const item =
  'flex h-9 cursor-pointer items-center gap-2.5 rounded-sm px-2.5 text-sm outline-none select-none data-highlighted:bg-hover data-disabled:opacity-50 pointer-coarse:h-11'

interface ItemProps {
  icon?: LucideIcon
  danger?: boolean
  disabled?: boolean
  onSelect: () => void
  children: ReactNode
}

export function MenuItem({ icon: Icon, danger, disabled, onSelect, children }: ItemProps) {
  return (
    <Radix.Item disabled={disabled} onSelect={onSelect} className={clsx(item, danger && 'text-danger')}>
      {Icon && <Icon aria-hidden="true" className={clsx('size-4 shrink-0', !danger && 'text-muted')} />}
      {children}
    </Radix.Item>
  )
}

/** An item that opens a further menu beside it. */
export function MenuSub({ icon: Icon, label, children }: { icon?: LucideIcon; label: string; children: ReactNode }) {
  return (
    <Radix.Sub>
      <Radix.SubTrigger className={clsx(item, 'data-[state=open]:bg-hover')}>
        {Icon && <Icon aria-hidden="true" className="size-4 text-muted" />}
        {label}
        <ChevronRight aria-hidden="true" className="ms-auto size-4 text-muted rtl:-scale-x-100" />
      </Radix.SubTrigger>
      <Radix.Portal>
        <Radix.SubContent
          sideOffset={4}
          alignOffset={-5}
          collisionPadding={8}
          className="z-50 max-h-(--radix-dropdown-menu-content-available-height) max-w-64 min-w-44 animate-rise overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-mid"
        >
          {children}
        </Radix.SubContent>
      </Radix.Portal>
    </Radix.Sub>
  )
}

interface ChoiceProps {
  value: string
  onChange: (value: string) => void
  options: { value: string; label: string; note?: string }[]
}

/** One of several: the chosen one has a tick. */
export function MenuChoice({ value, onChange, options }: ChoiceProps) {
  return (
    <Radix.RadioGroup value={value} onValueChange={onChange}>
      {options.map((o) => (
        <Radix.RadioItem key={o.value} value={o.value} className={clsx(item, 'justify-between gap-6')}>
          <span className="truncate">{o.label}</span>
          <span className="flex items-center gap-2 text-xs text-muted">
            {o.note}
            <span className="size-4">
              <Radix.ItemIndicator>
                <Check aria-hidden="true" className="size-4 text-accent" />
              </Radix.ItemIndicator>
            </span>
          </span>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  )
}

export function MenuLine() {
  return <Radix.Separator className="mx-1 my-1 h-px bg-line" />
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2.5 py-1.5 text-xs text-muted">{children}</Radix.Label>
}
