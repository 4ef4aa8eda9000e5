import clsx from 'clsx'
import type { TFunction } from 'i18next'
import { FileText, FileWarning, LoaderCircle, RefreshCw, Settings2, Trash2, Upload } from 'lucide-react'
import { useRef, useState, type DragEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { errorText } from '@/api/errorText'
import type { KnowledgeBase, KnowledgeFile } from '@/api/types'
import { Button } from '@/kit/Button'
import { IconButton } from '@/kit/IconButton'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { useFiles, useKnowledgeChanges } from './data'
import { dropped } from './dropped'
import { useUploads } from './useUploads'

interface Props {
  base: KnowledgeBase
  mayWrite: boolean
  onEdit: () => void
}

/** The files of a base: dropped, watched on their way, and taken out. */
export function Files({ base, mayWrite, onEdit }: Props) {
  const { t } = useTranslation()
  const files = useFiles(base.id)
  const uploads = useUploads(base.id)
  const picker = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const drop = mayWrite && {
    onDragOver: (e: DragEvent) => {
      e.preventDefault()
      setOver(true)
    },
    onDragLeave: () => setOver(false),
    onDrop: (e: DragEvent) => {
      e.preventDefault()
      setOver(false)
      void dropped(e.dataTransfer).then(uploads.add)
    },
  }
  return (
    <div {...drop} className={clsx('flex min-h-0 flex-1 flex-col', over && 'bg-accent-soft')}>
      <div className="flex flex-wrap items-center gap-2 px-6 pt-4 pb-3">
        {base.description && <p dir="auto" className="min-w-0 flex-1 text-sm text-muted">{base.description}</p>}
        <span className="ms-auto flex gap-2">
          {base.may_own && (
            <Button onClick={onEdit}>
              <Settings2 aria-hidden="true" className="size-4 text-muted" />
              {t('knowledge.edit')}
            </Button>
          )}
          {mayWrite && (
            <Button look="primary" onClick={() => picker.current?.click()}>
              <Upload aria-hidden="true" className="size-4" />
              {t('knowledge.add')}
            </Button>
          )}
        </span>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label={t('knowledge.add')}
          onChange={(e) => {
            uploads.add([...(e.target.files ?? [])])
            e.target.value = ''
          }}
        />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-6 pb-6">
        {uploads.waiting > 0 && (
          <p role="status" className="flex items-center gap-2 pb-3 text-sm text-muted">
            <LoaderCircle aria-hidden="true" className="size-4 animate-spin" />
            {t('knowledge.uploading', { count: uploads.waiting })}
          </p>
        )}
        {uploads.refused.map((why) => (
          <Notice key={why} className="mb-3">
            {why}
          </Notice>
        ))}
        {files.isPending && <Skeleton className="h-14" />}
        {files.isError && <Notice>{errorText(files.error)}</Notice>}
        {files.data?.length === 0 && uploads.waiting === 0 && (
          <p className="rounded-md border border-dashed border-edge px-6 py-10 text-center text-sm text-balance text-muted">{mayWrite ? t('knowledge.drop') : t('knowledge.noFiles')}</p>
        )}
        <ul aria-label={t('knowledge.list')} className="divide-y divide-line rounded-md border border-line empty:hidden">
          {files.data?.map((f) => <FileRow key={f.id} base={base.id} file={f} mayWrite={mayWrite} />)}
        </ul>
      </div>
    </div>
  )
}

function FileRow({ base, file, mayWrite }: { base: string; file: KnowledgeFile; mayWrite: boolean }) {
  const { t } = useTranslation()
  const { again, drop } = useKnowledgeChanges()
  const [gone, setGone] = useState(false)
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
