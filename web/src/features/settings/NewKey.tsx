import { useId, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { post } from '@/api/client'
import type { Key, Permission } from '@/api/types'
import { Button } from '@/kit/Button'
import { CopyButton } from '@/kit/CopyButton'
import { Field, inputClass } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { useRefresh } from './data'
import { useAction } from '@/kit/useAction'

const lifetimes = [0, 7, 30, 90, 365]

/** Makes a key, and shows its secret until the reader is done with it. */
export function NewKey({ mayAdminister }: { mayAdminister: boolean }) {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const [days, setDays] = useState(90)
  const [admin, setAdmin] = useState(false)
  const [made, setMade] = useState<(Key & { secret: string }) | null>(null)
  const { busy, problem, run } = useAction()
  const refresh = useRefresh()
  const expiry = useId()
  const create = () =>
    run(async () => {
      const permissions: Permission[] = admin ? ['chat', 'admin'] : ['chat']
      const expires_at = days ? new Date(Date.now() + days * 86_400_000).toISOString() : undefined
      setMade(await post('/v1/keys', { name: name.trim(), permissions, expires_at }))
      setName('')
      setAdmin(false)
      await refresh.keys()
    })
  if (made) {
    return (
      <div role="status" className="space-y-3 rounded-md bg-accent-soft p-4">
        <p className="text-sm">
          <span className="font-semibold">{t('settings.keyCreated')}.</span> {t('settings.keyOnce')}
        </p>
        <div className="flex items-center gap-2 rounded-sm bg-raised py-1 ps-3 pe-1">
          <code className="min-w-0 flex-1 font-mono text-sm break-all">{made.secret}</code>
          <CopyButton text={made.secret} label={t('settings.copyKey')} />
        </div>
        <Button size="sm" onClick={() => setMade(null)}>
          {t('settings.done')}
        </Button>
      </div>
    )
  }
  return (
    <form
      className="space-y-4"
      onSubmit={(e) => {
        e.preventDefault()
        if (name.trim()) void create()
      }}
    >
      <div className="flex flex-wrap gap-3">
        <Field
          className="min-w-48 flex-1"
          label={t('settings.keyName')}
          placeholder={t('settings.keyNamePlaceholder')}
          required
          maxLength={100}
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
        <div>
          <label htmlFor={expiry} className="mb-1.5 block text-sm font-medium">
            {t('settings.keyExpiry')}
          </label>
          <select id={expiry} value={days} onChange={(e) => setDays(Number(e.target.value))} className={inputClass}>
            {lifetimes.map((n) => (
              <option key={n} value={n}>
                {n === 0 ? t('settings.never') : t('settings.days', { count: n })}
              </option>
            ))}
          </select>
        </div>
      </div>
      {mayAdminister && (
        <label className="flex w-fit items-center gap-2.5 text-sm">
          <input type="checkbox" checked={admin} onChange={(e) => setAdmin(e.target.checked)} className="size-4 accent-accent" />
          {t('settings.keyAdmin')}
        </label>
      )}
      {problem && <Notice>{problem}</Notice>}
      <Button type="submit" look="primary" busy={busy} disabled={!name.trim()}>
        {t('settings.createKey')}
      </Button>
    </form>
  )
}
