import { Download as DownloadIcon, TriangleAlert } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import { Button } from '@/kit/Button'
import { toast } from '@/kit/toasts'
import { Code } from '../kit/Code'
import { useFormat } from '../kit/format'
import type { Engine } from '../types'
import { isComing, useEngineAct } from './data'
import { Download } from './State'

/** Says that no model can run yet, and fetches what is missing. */
export function EngineMissing({ engine }: { engine: Engine }) {
  const { t } = useTranslation('admin')
  const { bytes } = useFormat()
  const act = useEngineAct()
  const run = (what: 'pull' | 'pause') => act.mutate(what, { onError: (err) => toast({ tone: 'danger', text: errorText(err) }) })
  return (
    <section className="mb-5 flex gap-3.5 rounded-lg bg-warn-soft px-5 py-4">
      <TriangleAlert aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-warn" />
      <div className="min-w-0 flex-1 space-y-3 text-sm">
        <h2 className="text-base font-semibold text-warn">{t('models.engine')}</h2>
        {engine.error && <p className="whitespace-pre-line">{engine.error}</p>}
        {isComing(engine) ? (
          <>
            <Download of={{ ...engine, id: 'llama.cpp', size_bytes: engine.size_bytes ?? 0 }} />
            <Button size="sm" busy={act.isPending} onClick={() => run('pause')}>
              {t('models.stop')}
            </Button>
          </>
        ) : (
          <>
            <p>{t('models.engineText', { size: bytes(engine.size_bytes ?? 0) })}</p>
            <Code text="parley model pull" label={t('kit.copyCommand')} />
            <Button size="sm" look="primary" busy={act.isPending} onClick={() => run('pull')}>
              <DownloadIcon aria-hidden="true" className="size-4" />
              {t('models.engineGet')}
            </Button>
          </>
        )}
      </div>
    </section>
  )
}
