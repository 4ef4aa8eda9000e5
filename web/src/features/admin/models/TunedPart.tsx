import { useTranslation } from '@/i18n/useTranslation'
import { useFormat } from '../kit/format'
import { PanelPart } from '../kit/Panel'
import type { Tuned } from '../types'

/** How fast a model is on this machine, as it was installed and as another type. */
export function TunedPart({ tuned }: { tuned: Tuned }) {
  const { t } = useTranslation('admin')
  const { number, dateTime } = useFormat()
  const what = tuned.used ? 'used' : tuned.ratio > 0 ? 'kept' : 'differs'
  const rows = (['prompt', 'one_answer', 'eight_answers'] as const).filter((row) => tuned.before[row] > 0 && tuned.after[row] > 0)
  const names = { prompt: t('models.prompt'), one_answer: t('models.oneAnswer'), eight_answers: t('models.eightAnswers') }
  const rounded = (n: number) => number(Math.round(n))
  return (
    <PanelPart title={t('models.tuning')} text={t(`models.tuningText.${what}`, { type: tuned.type, from: tuned.from, ratio: number(Math.round(tuned.ratio * 100) / 100) })}>
      {rows.length > 0 && (
        <table className="w-full text-sm tabular-nums">
          <thead>
            <tr className="text-muted">
              <th scope="col" className="py-1 text-start font-normal">
                {t('models.tokensPerSecond')}
              </th>
              {[tuned.from, tuned.type].map((type) => (
                <th key={type} scope="col" className="py-1 text-end font-normal">
                  {type}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row} className="border-t border-line">
                <th scope="row" className="py-1 text-start font-normal">
                  {names[row]}
                </th>
                <td className="py-1 text-end">{rounded(tuned.before[row])}</td>
                <td className="py-1 text-end">{rounded(tuned.after[row])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="mt-1.5 text-xs text-muted">
        {dateTime(tuned.measured_at)} · {tuned.machine}
      </p>
    </PanelPart>
  )
}
