import clsx from 'clsx'
import { FileText } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Source } from '@/api/types'

const SourceDialog = lazy(() => import('./SourceDialog').then((m) => ({ default: m.SourceDialog })))

/** What an answer rests on, or the nearest that was found where it rests on nothing. */
export function Sources({ sources }: { sources: readonly Source[] }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState<Source | null>(null)
  const cited = sources.filter((s) => s.cited)
  const shown = cited.length > 0 ? cited : sources
  if (shown.length === 0) return null
  return (
    <section aria-label={cited.length > 0 ? t('knowledge.sources') : t('knowledge.nearest')} className="mt-3">
      <h3 className="mb-1.5 text-xs font-medium text-muted">{cited.length > 0 ? t('knowledge.sources') : t('knowledge.nearest')}</h3>
      <ul className="flex flex-wrap gap-1.5">
        {shown.map((s) => (
          <li key={s.label} className="max-w-full">
            <button
              type="button"
              onClick={() => setOpen(s)}
              className={clsx('inline-flex h-8 max-w-full items-center gap-2 rounded-full border border-line bg-raised px-3 text-sm transition-colors hover:bg-hover pointer-coarse:h-10', !s.cited && 'text-muted')}
            >
              <span className="shrink-0 text-xs font-semibold tabular-nums">{s.label}</span>
              <FileText aria-hidden="true" className="size-3.5 shrink-0 text-muted" />
              <span dir="auto" className="truncate">{s.title || s.filename}</span>
              {s.page > 0 && <span className="shrink-0 text-xs text-muted">{t('knowledge.page', { page: s.page })}</span>}
            </button>
          </li>
        ))}
      </ul>
      <Suspense>{open && <SourceDialog source={open} onClose={() => setOpen(null)} />}</Suspense>
    </section>
  )
}
