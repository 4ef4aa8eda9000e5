import { ChevronDown, ShieldCheck, TriangleAlert } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Grounding } from '@/api/types'
import { byteSlices } from './span'

/** How far an answer rests on its sources: what none of them supports it names. */
export function Checked({ grounding, text }: { grounding: Grounding; text: string }) {
  const { t } = useTranslation()
  const doubtful = useMemo(() => {
    const slice = byteSlices(text)
    return grounding.claims.filter((c) => !c.supported).map((c) => slice(c.start, c.end))
  }, [grounding, text])
  const count = grounding.claims.length
  if (count === 0) return null
  if (doubtful.length === 0) {
    return (
      <p className="mt-2 flex items-center gap-1.5 text-xs text-muted">
        <ShieldCheck aria-hidden="true" className="size-3.5" />
        {t('knowledge.supported', { count })}
      </p>
    )
  }
  return (
    <details className="group/checked mt-2 text-xs text-muted">
      <summary className="flex w-fit cursor-pointer list-none items-center gap-1.5 rounded-sm py-1 text-warn hover:underline">
        <TriangleAlert aria-hidden="true" className="size-3.5" />
        {t('knowledge.unsupported', { count: doubtful.length, of: count })}
        <ChevronDown aria-hidden="true" className="size-3.5 transition-transform group-open/checked:rotate-180" />
      </summary>
      <ul className="mt-1 flex flex-col gap-1 border-s-2 border-line ps-3">
        {doubtful.map((sentence, i) => (
          <li key={i} dir="auto">
            {sentence}
          </li>
        ))}
      </ul>
    </details>
  )
}
