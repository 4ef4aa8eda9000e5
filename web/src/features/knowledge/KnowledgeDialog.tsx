import { ArrowLeft, Library, Plus, Users } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { KnowledgeBase, Me } from '@/api/types'
import { Button } from '@/kit/Button'
import { Dialog } from '@/kit/Dialog'
import { IconButton } from '@/kit/IconButton'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { BaseForm } from './BaseForm'
import { Files } from './Files'
import { useBases } from './data'

type View = { show: 'list' } | { show: 'new' } | { show: 'files' | 'edit'; id: string }

/** The knowledge bases: what the documents of a team are in. */
export function KnowledgeDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const { t } = useTranslation()
  const [view, setView] = useState<View>({ show: 'list' })
  const bases = useBases()
  const mayWrite = me.user.role !== 'viewer'
  const base = 'id' in view ? bases.data?.find((b) => b.id === view.id) : undefined
  const home = () => setView({ show: 'list' })
  const back = view.show === 'edit' ? () => setView({ show: 'files', id: view.id }) : home
  return (
    <Dialog open onClose={onClose} title={t('knowledge.title')} description={t('knowledge.lead')} className="h-[min(42rem,100%)] max-w-2xl">
      {view.show !== 'list' && (
        <div className="flex items-center gap-1 px-5 pt-4">
          <IconButton icon={ArrowLeft} size="sm" label={t('knowledge.back')} onClick={back} className="rtl:-scale-x-100" />
          <h3 dir="auto" className="truncate text-base font-semibold">{view.show === 'new' ? t('knowledge.new') : base?.name}</h3>
        </div>
      )}
      {view.show === 'new' && <BaseForm onDone={(made) => setView(made ? { show: 'files', id: made.id } : { show: 'list' })} />}
      {view.show === 'edit' && base && <BaseForm base={base} onDone={back} onDeleted={home} />}
      {view.show === 'files' && base && <Files base={base} mayWrite={mayWrite && base.may_write} onEdit={() => setView({ show: 'edit', id: base.id })} />}
      {view.show === 'list' && <Bases query={bases} mayWrite={mayWrite} onNew={() => setView({ show: 'new' })} onOpen={(b) => setView({ show: 'files', id: b.id })} />}
    </Dialog>
  )
}

interface BasesProps {
  query: ReturnType<typeof useBases>
  mayWrite: boolean
  onNew: () => void
  onOpen: (b: KnowledgeBase) => void
}

function Bases({ query, mayWrite, onNew, onOpen }: BasesProps) {
  const { t } = useTranslation()
  const add = mayWrite && (
    <Button look="primary" onClick={onNew}>
      <Plus aria-hidden="true" className="size-4" />
      {t('knowledge.new')}
    </Button>
  )
  if (query.data?.length === 0) {
    return (
      <div className="flex flex-1 flex-col items-center justify-center gap-3 p-8 text-center">
        <Library aria-hidden="true" className="size-9 text-muted" strokeWidth={1.5} />
        <p className="max-w-sm text-balance text-muted">{t('knowledge.empty')}</p>
        {add}
      </div>
    )
  }
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-6 pt-4 pb-6">
      <div className="flex justify-end pb-3">{add}</div>
      {query.isPending && <Skeleton className="h-14" />}
      {query.isError && <Notice>{errorText(query.error)}</Notice>}
      <ul className="divide-y divide-line rounded-md border border-line empty:hidden">
        {query.data?.map((b) => (
          <li key={b.id}>
            <button type="button" onClick={() => onOpen(b)} className="flex w-full items-center gap-3 px-4 py-3 text-start hover:bg-hover focus-visible:-outline-offset-2">
              <span className="min-w-0 flex-1">
                <span dir="auto" className="block truncate text-sm font-medium">{b.name}</span>
                {b.description && <span dir="auto" className="block truncate text-xs text-muted">{b.description}</span>}
              </span>
              {(b.grants.length > 0 || !b.may_own) && <Users aria-label={t('knowledge.shared')} className="size-4 shrink-0 text-muted" />}
              <span className="shrink-0 text-xs text-muted tabular-nums">{t('knowledge.files', { count: b.file_counts.total })}</span>
              {b.file_counts.in_progress > 0 && <span className="shrink-0 text-xs text-muted">{t('knowledge.onTheWay', { count: b.file_counts.in_progress })}</span>}
              {b.file_counts.failed > 0 && <span className="shrink-0 text-xs text-danger">{t('knowledge.failedCount', { count: b.file_counts.failed })}</span>}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
