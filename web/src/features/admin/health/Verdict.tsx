import clsx from 'clsx'
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Check } from '../types'
import { verdict } from './data'

export const looks = {
  ok: { icon: CircleCheck, look: 'text-accent' },
  warn: { icon: TriangleAlert, look: 'text-warn' },
  fail: { icon: CircleAlert, look: 'text-danger' },
} as const

const frames = { ok: 'border-line bg-raised', warn: 'border-transparent bg-warn-soft', fail: 'border-transparent bg-danger-soft' }

/** All checks in one sentence. */
export function Verdict({ checks, action }: { checks: Check[]; action?: ReactNode }) {
  const { t } = useTranslation('admin')
  const state = verdict(checks)
  const count = checks.filter((c) => c.state === state).length
  const { icon: Icon, look } = looks[state]
  return (
    <div className={clsx('flex flex-wrap items-center gap-x-3.5 gap-y-2 rounded-lg border px-5 py-4', frames[state])}>
      <Icon aria-hidden="true" className={clsx('size-6 shrink-0', look)} />
      <div role="status" className="min-w-0 flex-1">
        <p className={clsx('text-base font-semibold', state !== 'ok' && look)}>{state === 'ok' ? t('health.good') : t(`health.${state}`, { count })}</p>
        {state === 'ok' && <p className="text-sm text-muted">{t('health.goodText', { count })}</p>}
      </div>
      {action}
    </div>
  )
}
