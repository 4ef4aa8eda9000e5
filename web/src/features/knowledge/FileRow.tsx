import clsx from 'clsx'
import type { TFunction } from 'i18next'
import { FileSearch, FileText, FileWarning, RefreshCw, Trash2 } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { KnowledgeFile } from '@/api/types'
import { IconButton } from '@/kit/IconButton'
import { toast } from '@/kit/toasts'
import { useKnowledgeChanges } from './data'

const WhyDialog = lazy(() => import('./WhyDialog').then((m) => ({ default: m.WhyDialog })))

/** A file of a base: how far it is or why it failed, to be tried again and taken out. */
export function FileRow({ base, file, mayWrite }: { base: string; file: KnowledgeFile; mayWrite: boolean }) {
  const { t } = useTranslation()
  const { again, drop } = useKnowledgeChanges()
  const [gone, setGone] = useState(false)
  const [why, setWhy] = useState(false)
  const failed = file.status === 'failed'
  const Icon = failed ? FileWarning : FileText
  const change = (work: Promise<unknown>) => {
    work.catch((err: unknown) => {
      setGone(false)
      toast({ tone: 'danger', text: errorText(err) })
    })
  }
  if (gone) return null
  return (
    <li className="flex items-center gap-3 py-2.5 ps-4 pe-2">
      <Icon aria-hidden="true" className={clsx('size-4 shrink-0', failed ? 'text-danger' : 'text-muted')} />
      <div className="min-w-0 flex-1">
        <p dir="auto" className="truncate text-sm font-medium">{file.filename}</p>
        <p className={clsx('text-xs', failed ? 'text-danger' : 'text-muted')}>{told(file, t)}</p>
        {file.state === 'embedding' && file.passages > 0 && (
          <progress aria-label={t('knowledge.progress', { name: file.filename })} value={file.passages_done} max={file.passages} className="mt-1 block h-1 w-full accent-accent" />
        )}
      </div>
      <IconButton icon={FileSearch} size="sm" label={t('why.open', { name: file.filename })} onClick={() => setWhy(true)} />
      {mayWrite && failed && <IconButton icon={RefreshCw} size="sm" label={t('knowledge.again', { name: file.filename })} onClick={() => change(again(base, file.id))} />}
      {mayWrite && (
        <IconButton
          icon={Trash2}
          size="sm"
          label={t('knowledge.takeOut', { name: file.filename })}
          onClick={() => {
            setGone(true)
            change(drop(base, file.id))
          }}
        />
      )}
      <Suspense>{why && <WhyDialog file={file} onClose={() => setWhy(false)} />}</Suspense>
    </li>
  )
}

// How far a file is, in words. A server that can do nothing for the moment says why.
function told(file: KnowledgeFile, t: TFunction): string {
  if (file.status === 'failed') return file.last_error?.message ?? t('knowledge.state.failed')
  if (file.state !== 'ready') return file.last_error ? `${t('knowledge.state.waits')} ${file.last_error.message}` : t(`knowledge.state.${file.state}`)
  const pages = file.pages > 1 ? `${t('knowledge.pages', { count: file.pages })} · ` : ''
  return pages + t('knowledge.passages', { count: file.passages })
}
