import { useQuery } from '@tanstack/react-query'
import { useTranslation } from '@/i18n/useTranslation'
import { get } from '@/api/client'
import { errorText } from '@/api/errorText'
import type { Usage } from '@/api/types'
import { locale } from '@/i18n/setup'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { Section } from './Section'

const days = 30
const day = 86_400_000

/** What the reader used in the last thirty days. */
export function UsageChart() {
  const { t } = useTranslation()
  const usage = useQuery({
    queryKey: ['usage'],
    queryFn: () => {
      const midnight = new Date(new Date().setUTCHours(0, 0, 0, 0))
      return get<Usage>('/v1/usage', { from: new Date(midnight.getTime() - (days - 1) * day).toISOString(), to: new Date(midnight.getTime() + day).toISOString() })
    },
  })
  return (
    <Section title={t('usage.title')} text={t('usage.text')}>
      {usage.isPending ? <Skeleton className="h-40" /> : usage.isError ? <Notice>{errorText(usage.error)}</Notice> : <Chart usage={usage.data} />}
    </Section>
  )
}

function Chart({ usage }: { usage: Usage }) {
  const { t, i18n } = useTranslation()
  const language = locale(i18n.language)
  const n = (value: number) => value.toLocaleString(language)
  const byDay = new Map(usage.rows.map((row) => [row.key.slice(0, 10), row]))
  const begin = new Date(usage.from).getTime()
  const bars = Array.from({ length: days }, (_, i) => {
    const at = new Date(begin + i * day)
    const row = byDay.get(at.toISOString().slice(0, 10))
    return { at, requests: row?.requests ?? 0, tokens: (row?.input_tokens ?? 0) + (row?.output_tokens ?? 0) }
  })
  const most = Math.max(1, ...bars.map((b) => b.tokens))
  const name = (at: Date) => at.toLocaleDateString(language, { day: 'numeric', month: 'short', timeZone: 'UTC' })
  return (
    <figure>
      <dl className="mb-4 grid grid-cols-3 gap-3 text-sm">
        {(
          [
            ['usage.requests', usage.total.requests],
            ['usage.read', usage.total.input_tokens],
            ['usage.written', usage.total.output_tokens],
          ] as const
        ).map(([key, value]) => (
          <div key={key} className="rounded-md border border-line px-3 py-2">
            <dt className="text-xs text-muted">{t(key)}</dt>
            <dd className="text-lg font-semibold tabular-nums">{n(value)}</dd>
          </div>
        ))}
      </dl>
      <div aria-hidden="true" className="flex h-28 items-end gap-[3px] border-b border-line">
        {bars.map((b) => (
          <div key={b.at.getTime()} title={`${name(b.at)}: ${t('usage.day', { count: b.requests, tokens: n(b.tokens) })}`} className="group flex h-full flex-1 items-end">
            <div
              style={{ height: b.tokens > 0 ? `max(2px, ${(100 * b.tokens) / most}%)` : 0 }}
              className="w-full rounded-t-[2px] bg-accent/70 transition-colors group-hover:bg-accent"
            />
          </div>
        ))}
      </div>
      <figcaption aria-hidden="true" className="mt-1.5 flex justify-between text-xs text-muted">
        <span>{bars[0] && name(bars[0].at)}</span>
        <span>{bars.at(-1) && name(bars.at(-1)?.at ?? new Date())}</span>
      </figcaption>
      <table className="sr-only">
        <caption>{t('usage.title')}</caption>
        <tbody>
          {bars
            .filter((b) => b.requests > 0)
            .map((b) => (
              <tr key={b.at.getTime()}>
                <th scope="row">{name(b.at)}</th>
                <td>{t('usage.day', { count: b.requests, tokens: n(b.tokens) })}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </figure>
  )
}
