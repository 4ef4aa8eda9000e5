import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '@/api/client'
import { errorText } from '@/api/errorText'
import { AuthFrame } from '@/features/auth/AuthFrame'
import { setUp, useAuthOptions, useSessionChange, useShortestPassword } from '@/features/auth/session'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'

/** Makes the first account, from the link that the server printed. */
export function SetupPage() {
  const { t } = useTranslation()
  const { token } = useSearch({ from: '/setup' })
  const navigate = useNavigate()
  const { begin } = useSessionChange()
  const options = useAuthOptions()
  const shortest = useShortestPassword()
  const [form, setForm] = useState({ name: '', email: '', password: '', tenant_name: '' })
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<{ param?: string; text: string } | null>(null)
  useEffect(() => {
    document.title = `${t('setup.title')} · Parley`
  }, [t])

  const done = options.data?.setup_needed === false
  useEffect(() => {
    if (!done || busy) return
    toast({ text: t('setup.done') })
    void navigate({ to: '/', replace: true })
    // Only what was found on arrival counts: a finished set-up leaves by itself.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [done])

  const set = (key: keyof typeof form) => (e: React.ChangeEvent<HTMLInputElement>) => {
    setForm({ ...form, [key]: e.target.value })
    if (problem?.param === key) setProblem(null)
  }
  const submit = async () => {
    if (form.password.length < shortest) {
      setProblem({ param: 'password', text: t('setup.short', { count: shortest }) })
      return
    }
    setBusy(true)
    setProblem(null)
    try {
      await begin(await setUp({ token, ...form, name: form.name.trim(), email: form.email.trim(), tenant_name: form.tenant_name.trim() }))
      void navigate({ to: '/', replace: true })
    } catch (err) {
      const param = err instanceof ApiError ? err.extra.param : undefined
      setProblem({ param, text: err instanceof ApiError && err.status === 409 ? t('setup.done') : errorText(err) })
      setBusy(false)
    }
  }
  const known = problem?.param !== undefined && problem.param in form
  const error = (key: keyof typeof form) => (problem?.param === key ? problem.text : undefined)
  return (
    <AuthFrame title={t('setup.title')} lead={t('setup.lead')}>
      {token === '' ? (
        <Notice>{t('setup.noToken')}</Notice>
      ) : (
        <form
          className="space-y-4"
          onSubmit={(e) => {
            e.preventDefault()
            if (!busy) void submit()
          }}
        >
          {problem && !known && <Notice>{problem.text}</Notice>}
          <Field autoFocus label={t('setup.name')} name="name" autoComplete="name" required maxLength={200} value={form.name} onChange={set('name')} error={error('name')} />
          <Field label={t('auth.email')} name="email" type="email" autoComplete="username" required value={form.email} onChange={set('email')} error={error('email')} />
          <Field
            label={t('auth.password')}
            name="password"
            type="password"
            autoComplete="new-password"
            required
            hint={t('setup.passwordHint', { count: shortest })}
            value={form.password}
            onChange={set('password')}
            error={error('password')}
          />
          <Field
            label={t('setup.organisation')}
            name="organization"
            autoComplete="organization"
            required
            maxLength={200}
            hint={t('setup.organisationHint')}
            value={form.tenant_name}
            onChange={set('tenant_name')}
            error={error('tenant_name')}
          />
          <Button type="submit" look="primary" className="w-full" busy={busy}>
            {t('setup.submit')}
          </Button>
        </form>
      )}
    </AuthFrame>
  )
}
