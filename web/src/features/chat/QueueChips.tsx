import { ArrowUp, CornerDownRight, Pencil, X } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { IconButton } from '@/kit/IconButton'
import { splitFiles } from './files'
import type { Queued } from './queue'

interface Props {
  queue: readonly Queued[]
  /** Nothing is on its way that they wait for. */
  idle: boolean
  onSend: (id: string) => void
  onEdit: (m: Queued) => void
  onRemove: (id: string) => void
}

/** The messages that are sent, one after the other, when the answer has ended. */
export function QueueChips({ queue, idle, onSend, onEdit, onRemove }: Props) {
  const { t } = useTranslation()
  if (queue.length === 0) return null
  return (
    <ul aria-label={t('composer.queue')} className="mx-3 overflow-hidden rounded-t-lg border border-b-0 border-line bg-sunken">
      {queue.map((m) => {
        const { text, files } = splitFiles(m.text)
        const words = [text, ...files.map((f) => f.name)].filter(Boolean).join(' · ')
        return (
          <li key={m.id} className="flex h-9 items-center gap-2 border-line ps-3 pe-1.5 text-sm not-first:border-t pointer-coarse:h-11">
            <CornerDownRight aria-hidden="true" className="size-4 shrink-0 text-muted rtl:-scale-x-100" />
            <span dir="auto" className="min-w-0 flex-1 truncate text-muted">{words}</span>
            {idle && <IconButton icon={ArrowUp} size="sm" label={t('composer.sendNow')} onClick={() => onSend(m.id)} />}
            <IconButton icon={Pencil} size="sm" label={t('composer.editQueued')} onClick={() => onEdit(m)} />
            <IconButton icon={X} size="sm" label={t('composer.removeQueued')} onClick={() => onRemove(m.id)} />
          </li>
        )
      })}
    </ul>
  )
}
