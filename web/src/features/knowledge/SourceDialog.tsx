import { Download } from 'lucide-react'
import { useEffect, useMemo, useRef } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Source } from '@/api/types'
import { Dialog } from '@/kit/Dialog'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { useText } from './data'
import { around } from './span'

/** The very place that a source is, in the text of its document. */
export function SourceDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const { t } = useTranslation()
  const text = useText(source.vector_store_id, source.file_id)
  const content = text.data?.data[0]?.text
  const parts = useMemo(() => (content === undefined ? null : around(content, source.start, source.end)), [content, source])
  const mark = useRef<HTMLElement>(null)
  useEffect(() => {
    mark.current?.scrollIntoView({ block: 'center' })
  }, [parts])
  const place = [source.filename, source.page > 0 && t('knowledge.pageLong', { page: source.page }), source.heading].filter(Boolean).join(' · ')
  return (
    <Dialog open onClose={onClose} title={source.title || source.filename} description={place} className="h-[min(44rem,100%)] max-w-3xl">
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is scrolled by keyboard */}
      <div tabIndex={0} role="region" aria-label={t('knowledge.text')} className="mx-6 mt-4 min-h-0 flex-1 overflow-y-auto rounded-md border border-line px-4 py-3 text-sm leading-relaxed">
        {text.isPending && <Skeleton className="h-40" />}
        {text.isError && <Notice>{errorText(text.error)}</Notice>}
        {parts && (
          <p dir="auto" className="wrap-anywhere whitespace-pre-wrap">
            {parts.before}
            <mark ref={mark} className="rounded-[0.25em] bg-accent-soft px-0.5 text-text">
              {parts.span}
            </mark>
            {parts.after}
          </p>
        )}
      </div>
      <div className="flex justify-end px-6 py-4">
        <a href={`/v1/files/${encodeURIComponent(source.file_id)}/content`} download={source.filename} className="inline-flex h-9 items-center gap-2 rounded-md px-3 text-sm font-medium hover:bg-hover">
          <Download aria-hidden="true" className="size-4 text-muted" />
          {t('knowledge.download')}
        </a>
      </div>
    </Dialog>
  )
}
