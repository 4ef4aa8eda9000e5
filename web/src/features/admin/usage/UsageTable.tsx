import { useTranslation } from '@/i18n/useTranslation'
import { useFormat } from '../kit/format'
import type { Usage, UsageFigures } from '../types'
import { useTold } from './useTold'

/** Every figure of a usage. On a narrow screen it is scrolled sideways, since figures are compared downwards. */
export function UsageTable({ usage }: { usage: Usage }) {
  const { t } = useTranslation('admin')
  const { number, usd, seconds } = useFormat()
  const told = useTold()
  const columns: [string, (r: UsageFigures) => string][] = [
    [t('usage.requests'), (r) => number(r.requests)],
    [t('usage.input'), (r) => number(r.input_tokens)],
    [t('usage.cached'), (r) => number(r.cached_tokens)],
    [t('usage.output'), (r) => number(r.output_tokens)],
    // Models that run here cost nothing by the token.
    ...(usage.total.cost_usd > 0 ? [[t('usage.cost'), (r: UsageFigures) => usd(r.cost_usd)] as [string, (r: UsageFigures) => string]] : []),
    [t('usage.latency'), (r) => seconds(r.avg_latency_ms)],
    [t('usage.errors'), (r) => number(r.errors)],
  ]
  const name = t(`usage.bys.${usage.by}`)
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by the keyboard
    <div role="region" aria-label={t('nav.usage')} tabIndex={0} className="overflow-x-auto">
      <table className="w-full border-collapse text-sm tabular-nums">
        <thead>
          <tr className="border-b border-line text-xs text-muted">
            <th scope="col" className="h-9 px-3 text-start font-medium">
              {name}
            </th>
            {columns.map(([title]) => (
              <th key={title} scope="col" className="px-3 text-end font-medium whitespace-nowrap">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {usage.rows.map((r) => (
            <tr key={r.key} className="border-b border-line hover:bg-hover">
              <th scope="row" className="h-10 max-w-60 truncate px-3 text-start font-medium">
                {told.label(usage.by, r)}
              </th>
              {columns.map(([title, cell]) => (
                <td key={title} className="px-3 text-end whitespace-nowrap text-muted">
                  {cell(r)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" className="h-11 px-3 text-start font-semibold">
              {t('usage.total')}
            </th>
            {columns.map(([title, cell]) => (
              <td key={title} className="px-3 text-end font-semibold whitespace-nowrap">
                {cell(usage.total)}
              </td>
            ))}
          </tr>
        </tfoot>
      </table>
    </div>
  )
}
