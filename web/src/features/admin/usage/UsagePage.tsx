import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChartColumn, Download } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { Segmented } from '@/kit/Segmented'
import { Skeleton } from '@/kit/Skeleton'
import { Chart } from '../kit/Chart'
import { download, toCsv } from '../kit/csv'
import { Empty } from '../kit/Empty'
import { Page } from '../kit/Page'
import { ChoiceChip } from '../kit/Toolbar'
import { usageKinds, type Usage, type UsageBy } from '../types'
import { everyDay, figure, usageQuery } from './data'
import { days, measures, ranges, readUsage, writeUsage, type Measure, type Range, type UsageState } from './range'
import { UsageTable } from './UsageTable'
import { useTold } from './useTold'

/** What the organisation asked of the models, over a range of days. */
export default function UsagePage() {
  const { t } = useTranslation('admin')
  const search = useSearch({ from: '/admin/{-$page}/{-$id}' })
  const navigate = useNavigate()
  const state = readUsage(search)
  const usage = useQuery({ ...usageQuery(state.from, state.to, state.by), placeholderData: keepPreviousData })
  const told = useTold()
  const change = (next: Partial<UsageState>) =>
    void navigate({ to: '/admin/{-$page}/{-$id}', params: true, search: writeUsage({ ...state, ...next }), replace: true })
  const bad = state.from > state.to
  const data = usage.data && !bad ? usage.data : undefined
  const save = (u: Usage) =>
    download(
      `parley-usage-${state.from}-${state.to}-${u.by}.csv`,
      toCsv(
        [u.by, 'requests', 'input_tokens', 'cached_tokens', 'output_tokens', 'cost_usd', 'avg_latency_ms', 'errors'],
        u.rows.map((r) => [told.label(u.by, r), r.requests, r.input_tokens, r.cached_tokens, r.output_tokens, r.cost_usd, r.avg_latency_ms, r.errors]),
      ),
    )
  return (
    <Page
      title={t('nav.usage')}
      lead={t('usage.lead')}
      actions={
        <Button size="sm" className="h-9" disabled={!data?.rows.length} onClick={() => data && save(data)}>
          <Download aria-hidden="true" className="size-4" />
          {t('usage.export')}
        </Button>
      }
    >
      <Controls state={state} onChange={change} />
      {bad && <Notice>{t('usage.badRange')}</Notice>}
      {usage.isError && !data && <Notice>{errorText(usage.error)}</Notice>}
      {usage.isPending && !bad && <Skeleton className="h-72" />}
      {data?.rows.length === 0 && <Empty icon={ChartColumn} title={t('usage.empty')} text={t('usage.emptyText')} />}
      {data && data.rows.length > 0 && <Figures usage={data} state={state} />}
    </Page>
  )
}

function Controls({ state, onChange }: { state: UsageState; onChange: (next: Partial<UsageState>) => void }) {
  const { t } = useTranslation('admin')
  const all: Range[] = ['week', 'month', 'quarter', 'custom']
  return (
    <div className="mb-6 flex flex-wrap items-end gap-x-4 gap-y-3">
      <Segmented<Range> label={t('usage.range')} value={state.range} onChange={(range) => onChange({ range })} options={all.map((value) => ({ value, label: t(`usage.ranges.${value}`) }))} />
      <Segmented<UsageBy> label={t('usage.by')} value={state.by} onChange={(by) => onChange({ by })} options={usageKinds.map((value) => ({ value, label: t(`usage.bys.${value}`) }))} />
      {state.range === 'custom' && (
        <div className="flex gap-2">
          <Field label={t('usage.from')} type="date" required value={state.from} max={state.to} onChange={(e) => e.target.value && onChange({ from: e.target.value })} />
          <Field label={t('usage.to')} type="date" required value={state.to} min={state.from} onChange={(e) => e.target.value && onChange({ to: e.target.value })} />
        </div>
      )}
      <ChoiceChip<Measure> label={t('usage.measure')} value={state.measure} onChange={(measure) => onChange({ measure })} options={measures.map((m) => ({ value: m, label: t(`usage.${m}`) }))} />
    </div>
  )
}

function Figures({ usage, state }: { usage: Usage; state: UsageState }) {
  const { t } = useTranslation('admin')
  const told = useTold()
  const rows = usage.by === 'day' ? everyDay(usage.rows, days(state.from, state.to)) : usage.rows
  const format = (n: number) => told.figure(state.measure, n)
  const bars = rows.map((r) => ({ key: r.key, label: told.label(usage.by, r), value: figure(r, state.measure) }))
  const most = bars.reduce((a, b) => (b.value > a.value ? b : a))
  const range = state.range in ranges ? t(`usage.ranges.${state.range}`) : `${state.from} – ${state.to}`
  return (
    <>
      <section className="mb-8 rounded-lg border border-line bg-raised p-5">
        <Chart
          upright={usage.by === 'day'}
          bars={bars}
          format={format}
          description={t('usage.chart', {
            measure: t(`usage.${state.measure}`),
            by: t(`usage.bys.${usage.by}`),
            range,
            most: format(most.value),
            where: most.label,
            total: format(figure(usage.total, state.measure)),
          })}
        />
      </section>
      <UsageTable usage={usage} />
    </>
  )
}
