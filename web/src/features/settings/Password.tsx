import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { patch } from '@/api/client'
import { useShortestPassword } from '@/features/auth/session'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { useRefresh } from './data'
import { Section } from './Section'
import { useAction } from '@/kit/useAction'

export function Password() {
  const { t } = useTranslation()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const { busy, problem, run } = useAction()
  const refresh = useRefresh()
  const shortest = useShortestPassword()
  const save = () =>
    run(async () => {
      await patch('/v1/me', { current_password: current, new_password: next })
      setCurrent('')
      setNext('')
      toast({ text: t('settings.passwordChanged') })
      await refresh.sessions()
    })
  return (
    <Section title={t('settings.passwordTitle')}>
      <form
        className="space-y-4"
        onSubmit={(e) => {
          e.preventDefault()
          void save()
        }}
      >
        <Field label={t('settings.currentPassword')} type="password" autoComplete="current-password" required value={current} onChange={(e) => setCurrent(e.target.value)} />
        <Field
          label={t('settings.newPassword')}
          type="password"
          autoComplete="new-password"
          required
          minLength={shortest}
          hint={t('setup.passwordHint', { count: shortest })}
          value={next}
          onChange={(e) => setNext(e.target.value)}
        />
        {problem && <Notice>{problem}</Notice>}
        <Button type="submit" busy={busy} disabled={!current || next.length < shortest}>
          {t('settings.changePassword')}
        </Button>
      </form>
    </Section>
  )
}
