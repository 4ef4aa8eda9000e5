import clsx from 'clsx'
import { FileText } from 'lucide-react'
import { lazy, Suspense, useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Grounding, Source } from '@/api/types'
import { Checked } from './Checked'
import { Citing } from './citing'

const SourceDialog = lazy(() => import('./SourceDialog').then((m) => ({ default: m.SourceDialog })))

interface Props {
  sources: readonly Source[]
  grounding?: Grounding | null
  text: string
  children: ReactNode
}

/** An answer with what it rests on, or with the nearest that was found where it rests on nothing. */
export function Sourced({ sources, grounding, text, children }: Props) {
  const [open, setOpen] = useState<Source | null>(null)
  const citing = useMemo(() => ({ sources, open: setOpen }), [sources])
  return (
    <Citing value={citing}>
      {children}
      <List sources={sources} onOpen={setOpen} />
      {grounding && <Checked grounding={grounding} text={text} />}
      <Suspense>{open && <SourceDialog source={open} onClose={() => setOpen(null)} />}</Suspense>
    </Citing>
  )
}

function List({ sources, onOpen }: { sources: readonly Source[]; onOpen: (source: Source) => void }) {
  const { t } = useTranslation()
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
              onClick={() => onOpen(s)}
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
    </section>
  )
}
