import { useQuery } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { Code } from '../kit/Code'
import { Page } from '../kit/Page'
import type { Check } from '../types'
import { healthQuery, isCommand, worstFirst } from './data'
import { Figures } from './Figures'
import { looks, Verdict } from './Verdict'

/** Whether everything that the server needs is well, and how to mend what is not. */
export default function HealthPage() {
  const { t } = useTranslation('admin')
  const health = useQuery(healthQuery)
  return (
    <Page
      title={t('nav.health')}
      lead={t('health.lead')}
      actions={
        <Button size="sm" className="h-9" busy={health.isFetching && !health.isPending && !health.data} onClick={() => void health.refetch()}>
          <RefreshCw aria-hidden="true" className="size-4" />
          {t('health.refresh')}
        </Button>
      }
    >
      {health.isError && <Notice className="mb-4">{health.data ? t('health.offline') : errorText(health.error)}</Notice>}
      {health.isPending && (
        <div role="status" className="space-y-4">
          <span className="sr-only">{t('kit.loading')}</span>
          <Skeleton className="h-20" />
          <Skeleton className="h-64" />
        </div>
      )}
      {health.data && (
        <div className="space-y-8">
          <Verdict checks={health.data.checks} />
          <section>
            <h2 className="mb-3 text-base font-semibold">{t('health.checks')}</h2>
            <ul className="divide-y divide-line rounded-lg border border-line bg-raised">
              {worstFirst(health.data.checks).map((c, i) => (
                <CheckRow key={`${c.name}${i}`} check={c} />
              ))}
            </ul>
          </section>
          <Figures health={health.data} />
        </div>
      )}
    </Page>
  )
}

function CheckRow({ check: c }: { check: Check }) {
  const { t } = useTranslation('admin')
  const { icon: Icon, look } = looks[c.state]
  return (
    <li className="flex gap-3.5 px-5 py-3">
      <Icon aria-hidden="true" className={`mt-0.5 size-4.5 shrink-0 ${look}`} />
      <div className="min-w-0 flex-1 text-sm @2xl:flex @2xl:gap-6">
        <p className="w-44 shrink-0 font-medium">
          <span className="inline-block first-letter:uppercase">{c.name}</span> <span className="sr-only">: {t(`health.states.${c.state}`)}</span>
        </p>
        <div className="min-w-0 flex-1 space-y-2">
          <p className="wrap-anywhere text-muted">{c.detail}</p>
          {c.fix && !isCommand(c.fix) && <p className="wrap-anywhere">{c.fix}</p>}
          {c.fix && isCommand(c.fix) && (
            <div>
              <p className="mb-1">{t('health.fix')}</p>
              <Code text={c.fix} label={t('kit.copyCommand')} />
            </div>
          )}
        </div>
      </div>
    </li>
  )
}
