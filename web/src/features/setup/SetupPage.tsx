import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { ApiError } from '@/api/client'
import { AuthFrame } from '@/features/auth/AuthFrame'
import { setUp, useAuthOptions, useSessionChange, useShortestPassword } from '@/features/auth/session'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { fieldError, useForm } from '@/kit/useForm'

/** Makes the first account, from the link that the server printed. */
export function SetupPage() {
  const { t } = useTranslation()
  const { token } = useSearch({ from: '/setup' })
  const navigate = useNavigate()
  const { begin } = useSessionChange()
  const options = useAuthOptions()
  const shortest = useShortestPassword()
  const form = useForm({ name: '', email: '', password: '', tenant_name: '' }, async (v) => {
    if (v.password.length < shortest) throw fieldError('password', t('setup.short', { count: shortest }))
    const me = await setUp({ token, ...v, name: v.name.trim(), email: v.email.trim(), tenant_name: v.tenant_name.trim() }).catch((err: unknown) => {
      throw err instanceof ApiError && err.status === 409 ? new ApiError(409, err.code, t('setup.done')) : err
    })
    await begin(me)
    void navigate({ to: '/', replace: true })
  })
  useEffect(() => {
    document.title = `${t('setup.title')} · Parley`
  }, [t])

  const done = options.data?.setup_needed === false
  useEffect(() => {
    if (!done || form.busy) return
    toast({ text: t('setup.done') })
    void navigate({ to: '/', replace: true })
    // Only what was found on arrival counts: a finished set-up leaves by itself.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [done])

  return (
    <AuthFrame title={t('setup.title')} lead={t('setup.lead')}>
      {token === '' ? (
        <Notice>{t('setup.noToken')}</Notice>
      ) : (
        <form {...form.props} className="space-y-4">
          {form.problem && <Notice>{form.problem}</Notice>}
          <Field autoFocus label={t('setup.name')} autoComplete="name" required maxLength={200} {...form.field('name')} />
          <Field label={t('auth.email')} type="email" autoComplete="username" required {...form.field('email')} />
          <Field
            label={t('auth.password')}
            type="password"
            autoComplete="new-password"
            required
            hint={t('setup.passwordHint', { count: shortest })}
            {...form.field('password')}
          />
          <Field
            label={t('setup.organisation')}
            autoComplete="organization"
            required
            maxLength={200}
            hint={t('setup.organisationHint')}
            {...form.field('tenant_name')}
          />
          <Button type="submit" look="primary" className="w-full" busy={form.busy}>
            {t('setup.submit')}
          </Button>
        </form>
      )}
    </AuthFrame>
  )
}
