import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { ApiError, get } from '@/api/client'
import { errorText } from '@/api/errorText'
import type { Invited } from '@/api/types'
import { when } from '@/features/settings/when'
import { locale } from '@/i18n/setup'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { fieldError, useForm } from '@/kit/useForm'
import { AuthFrame } from './AuthFrame'
import { join, useSessionChange, useShortestPassword } from './session'

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
  const told: Record<number, string> = { 404: `${t('join.gone')}. ${t('join.goneText')}`, 409: t('join.taken') }
  const form = useForm({ name: '', password: '' }, async ({ name, password }) => {
    if (password.length < shortest) throw fieldError('password', t('setup.short', { count: shortest }))
    const me = await join({ token, name: name.trim(), password }).catch((err: unknown) => {
      throw err instanceof ApiError && told[err.status] ? new ApiError(err.status, err.code, told[err.status] ?? '') : err
    })
    onJoined()
    await begin(me)
    toast({ text: t('join.welcome', { tenant: invited.tenant }) })
    void navigate({ to: '/', replace: true })
  })
  return (
    <form {...form.props} className="space-y-4">
      {form.problem && <Notice>{form.problem}</Notice>}
      <Field label={t('join.email')} type="email" name="email" autoComplete="username" readOnly value={invited.email} />
      <Field autoFocus label={t('setup.name')} autoComplete="name" required maxLength={200} {...form.field('name')} />
      <Field
        label={t('auth.password')}
        type="password"
        autoComplete="new-password"
        required
        hint={t('setup.passwordHint', { count: shortest })}
        {...form.field('password')}
      />
      <Button type="submit" look="primary" className="w-full" busy={form.busy}>
        {t('join.submit')}
      </Button>
      <p className="text-center text-sm text-muted">{t('join.until', { when: when(invited.expires_at, locale(i18n.language)) })}</p>
    </form>
  )
}
