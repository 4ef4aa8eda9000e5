import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { patch } from '@/api/client'
import type { Me } from '@/api/types'
import { meKey } from '@/features/auth/session'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { Section } from './Section'
import { useAction } from '@/kit/useAction'

export function Profile({ me }: { me: Me }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [name, setName] = useState(me.user.name)
  const { busy, problem, run } = useAction()
  const save = () =>
    run(async () => {
      client.setQueryData(meKey, await patch<Me>('/v1/me', { name: name.trim() }))
      toast({ text: t('settings.saved') })
    })
  return (
    <Section title={t('settings.profile')}>
      <form
        className="space-y-4"
        onSubmit={(e) => {
          e.preventDefault()
          void save()
        }}
      >
        <Field label={t('settings.name')} autoComplete="name" required maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />
        {problem && <Notice>{problem}</Notice>}
        <Button type="submit" look="primary" busy={busy} disabled={!name.trim() || name.trim() === me.user.name}>
          {t('settings.save')}
        </Button>
      </form>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 border-t border-line pt-5 text-sm">
        <dt className="text-muted">{t('settings.email')}</dt>
        <dd className="wrap-anywhere">{me.user.email}</dd>
        <dt className="text-muted">{t('settings.organisation')}</dt>
        <dd className="wrap-anywhere">{me.tenant.name}</dd>
        <dt className="text-muted">{t('settings.role')}</dt>
        <dd>{t(`settings.roles.${me.user.role}`)}</dd>
      </dl>
    </Section>
  )
}
