import clsx from 'clsx'
import { LoaderCircle, Settings2, Upload } from 'lucide-react'
import { useRef, useState, type DragEvent } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { KnowledgeBase } from '@/api/types'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { useFiles } from './data'
import { dropped } from './dropped'
import { FileRow } from './FileRow'
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
        {base.description && <p dir="auto" className="min-w-0 flex-1 basis-40 text-sm text-muted">{base.description}</p>}
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
