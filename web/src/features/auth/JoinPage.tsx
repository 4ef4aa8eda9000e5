import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError, get } from '@/api/client'
import { errorText } from '@/api/errorText'
import type { Role } from '@/api/types'
import { when } from '@/features/settings/when'
import { locale } from '@/i18n/setup'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { AuthFrame } from './AuthFrame'
import { join, useSessionChange, useShortestPassword } from './session'

interface Invited {
  email: string
  tenant: string
  role: Role
  expires_at: string
}

/** Makes the account of somebody who was invited, from the link in the invitation. */
export function JoinPage() {
  const { t } = useTranslation()
  const { token } = useSearch({ from: '/join' })
  const [joined, setJoined] = useState(false)
  const invited = useQuery({
    queryKey: ['invitation', token],
    enabled: token !== '' && !joined, // a link that was used is gone
    staleTime: Infinity,
    queryFn: () => get<Invited>('/v1/invitations', { token }),
  })
  const title = invited.data ? t('join.title', { tenant: invited.data.tenant }) : t('join.loading')
  useEffect(() => {
    document.title = `${title} · Parley`
  }, [title])
  if (token === '' || (invited.error instanceof ApiError && invited.error.status === 404)) {
    return (
      <AuthFrame title={t('join.gone')} lead={t('join.goneText')}>
        <p className="text-center">
          <Link to="/sign-in" className="text-accent underline underline-offset-4">
            {t('join.signIn')}
          </Link>
        </p>
      </AuthFrame>
    )
  }
  if (invited.isError) {
    return (
      <AuthFrame title={t('app.offlineTitle')} lead={errorText(invited.error)}>
        <Button className="w-full" onClick={() => void invited.refetch()}>
          {t('app.retry')}
        </Button>
      </AuthFrame>
    )
  }
  if (invited.isPending) {
    return (
      <AuthFrame title={title}>
        <div role="status" className="space-y-4">
          <span className="sr-only">{t('app.loading')}</span>
          <Skeleton className="h-10" />
          <Skeleton className="h-10" />
        </div>
      </AuthFrame>
    )
  }
  return (
    <AuthFrame title={title} lead={t('join.lead', { role: t(`settings.roles.${invited.data.role}`) })}>
      <JoinForm token={token} invited={invited.data} onJoined={() => setJoined(true)} />
    </AuthFrame>
  )
}

interface FormProps {
  token: string
  invited: Invited
  onJoined: () => void
}

function JoinForm({ token, invited, onJoined }: FormProps) {
  const { t, i18n } = useTranslation()
  const navigate = useNavigate()
  const { begin } = useSessionChange()
  const shortest = useShortestPassword()
  const [form, setForm] = useState({ name: '', password: '' })
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<{ param?: string; text: string } | null>(null)

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
      const me = await join({ token, name: form.name.trim(), password: form.password })
      onJoined()
      await begin(me)
      toast({ text: t('join.welcome', { tenant: invited.tenant }) })
      void navigate({ to: '/', replace: true })
    } catch (err) {
      const param = err instanceof ApiError ? err.extra.param : undefined
      setProblem({ param, text: told(err) })
      setBusy(false)
    }
  }
  const told = (err: unknown) => {
    if (!(err instanceof ApiError)) return errorText(err)
    if (err.status === 404) return `${t('join.gone')}. ${t('join.goneText')}`
    return err.status === 409 ? t('join.taken') : errorText(err)
  }
  const known = problem?.param !== undefined && problem.param in form
  const error = (key: keyof typeof form) => (problem?.param === key ? problem.text : undefined)
  return (
    <form
      className="space-y-4"
      onSubmit={(e) => {
        e.preventDefault()
        if (!busy) void submit()
      }}
    >
      {problem && !known && <Notice>{problem.text}</Notice>}
      <Field label={t('join.email')} type="email" name="email" autoComplete="username" readOnly value={invited.email} />
      <Field autoFocus label={t('setup.name')} name="name" autoComplete="name" required maxLength={200} value={form.name} onChange={set('name')} error={error('name')} />
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
      <Button type="submit" look="primary" className="w-full" busy={busy}>
        {t('join.submit')}
      </Button>
      <p className="text-center text-sm text-muted">{t('join.until', { when: when(invited.expires_at, locale(i18n.language)) })}</p>
    </form>
  )
}
