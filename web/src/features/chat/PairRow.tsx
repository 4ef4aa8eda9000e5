import clsx from 'clsx'
import { Check } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { Button } from '@/kit/Button'

/** One of two answers to a question. */
export interface Side {
  id: string
  model: string
  /** It can be kept. */
  done: boolean
  row: ReactNode
}

interface Props {
  left: Side
  right: Side
  wide: boolean
  canAsk: boolean
  onKeep: (id: string) => void
}

/** Two answers: in columns where there is room, else as tabs. The one that is kept is gone on from. */
export function PairRow({ left, right, wide, canAsk, onKeep }: Props) {
  const { t } = useTranslation()
  const [tab, setTab] = useState('left')
  const column = (side: Side) => (
    <section key={side.id} aria-label={side.model} className="flex min-w-0 flex-1 flex-col rounded-lg border border-line bg-raised">
      {wide && <h3 className="truncate border-b border-line px-4 py-2 text-sm font-medium text-muted">{side.model}</h3>}
      <div className="min-w-0 flex-1 px-4 pt-3">{side.row}</div>
      <div className="p-3">
        <Button size="sm" className="w-full" disabled={!side.done || !canAsk} onClick={() => onKeep(side.id)}>
          <Check aria-hidden="true" className="size-4 text-muted" />
          {t('pair.keep')}
          <span className="sr-only">: {side.model}</span>
        </Button>
      </div>
    </section>
  )
  if (wide) return <div className="flex items-stretch gap-4">{[left, right].map(column)}</div>
  return (
    <Tabs.Root value={tab} onValueChange={setTab}>
      <Tabs.List aria-label={t('pair.label')} className="mb-2 flex gap-0.5 rounded-md bg-sunken p-0.5">
        {[left, right].map((side, i) => (
          <Tabs.Trigger
            key={i}
            value={i === 0 ? 'left' : 'right'}
            className={clsx(
              'h-9 min-w-0 flex-1 truncate rounded-[0.5rem] px-2 text-sm text-muted transition-colors pointer-coarse:h-10',
              'data-[state=active]:bg-chosen data-[state=active]:font-medium data-[state=active]:text-text data-[state=active]:shadow-low',
            )}
          >
            {side.model}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      <Tabs.Content value="left">{column(left)}</Tabs.Content>
      <Tabs.Content value="right">{column(right)}</Tabs.Content>
    </Tabs.Root>
  )
}
