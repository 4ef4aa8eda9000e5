import { useQuery } from '@tanstack/react-query'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { Chart } from '../kit/Chart'
import { useFormat } from '../kit/format'
import { PageLink } from '../kit/links'
import { everyDay, figure, usageQuery } from '../usage/data'
import { dayOf, days, measures, type Measure } from '../usage/range'
import { useTold } from '../usage/useTold'
import { change } from './attention'

/** The figures of the last seven days, beside those of the seven before. */
export function Week() {
  const { t } = useTranslation('admin')
  const told = useTold()
  const now = new Date()
  const [from, to] = [dayOf(now, -6), dayOf(now)]
  const week = useQuery(usageQuery(from, to, 'day'))
  const before = useQuery(usageQuery(dayOf(now, -13), dayOf(now, -7), 'day'))
  const shown: Measure[] = measures.filter((m) => m !== 'cost' || !!week.data?.total.cost_usd)
  const bars = week.data && everyDay(week.data.rows, days(from, to)).map((r) => ({ key: r.key, label: told.label('day', r), value: r.requests }))
  const most = bars?.reduce((a, b) => (b.value > a.value ? b : a))
  return (
    <section>
      <div className="mb-3 flex items-baseline justify-between gap-4">
        <h2 className="text-base font-semibold">{t('overview.week')}</h2>
        <PageLink page="usage" search={{}} className="text-sm font-medium text-accent underline-offset-4 hover:underline">
          {t('overview.usage')}
        </PageLink>
      </div>
      {week.isError && <Notice>{errorText(week.error)}</Notice>}
      {week.isPending && <Skeleton className="h-72" />}
      {week.data && bars && most && (
        <div className="rounded-lg border border-line bg-raised p-5">
          <dl className="mb-6 grid grid-cols-2 gap-x-6 gap-y-4 @2xl:grid-cols-4">
            {shown.map((m) => (
              <Figure key={m} title={t(`usage.${m}`)} value={told.figure(m, figure(week.data.total, m))} change={before.data && change(figure(before.data.total, m), figure(week.data.total, m))} />
            ))}
          </dl>
          {week.data.total.requests === 0 ? (
            <p className="text-sm text-muted">{t('overview.quiet')}</p>
          ) : (
            <Chart
              upright
              bars={bars}
              format={(n) => told.figure('requests', n)}
              description={t('usage.chart', {
                measure: t('usage.requests'),
                by: t('usage.bys.day'),
                range: t('usage.ranges.week'),
                most: told.figure('requests', most.value),
                where: most.label,
                total: told.figure('requests', week.data.total.requests),
              })}
            />
          )}
        </div>
      )}
    </section>
  )
}

function Figure({ title, value, change: part }: { title: string; value: string; change?: number | null }) {
  const { t } = useTranslation('admin')
  const { language } = useFormat()
  const told = typeof part === 'number' ? part.toLocaleString(language, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' }) : null
  return (
    <div>
      <dt className="text-xs text-muted">{title}</dt>
      <dd>
        <span className="block text-xl font-semibold tabular-nums">{value}</span>
        {told !== null && <span className="block text-xs text-muted tabular-nums">{Math.round((part ?? 0) * 100) === 0 ? t('overview.same') : t('overview.change', { change: told })}</span>}
      </dd>
    </div>
  )
}
