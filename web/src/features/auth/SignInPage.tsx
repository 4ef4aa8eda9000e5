import { useRouter, useSearch } from '@tanstack/react-router'
import { ArrowRight, KeyRound } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { ApiError } from '@/api/client'
import { errorText } from '@/api/errorText'
import type { AuthOptions, Me, TenantChoice } from '@/api/types'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { Splash } from '@/kit/Splash'
import { AuthFrame } from './AuthFrame'
import { PasswordForm } from './PasswordForm'
import { signIn, useAuthOptions, useSessionChange, type Credentials } from './session'
import { useCountdown } from './useCountdown'

/** Where to go after signing in: a path of this page, never another host. */
export function safeNext(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) ? next : '/'
}

export function SignInPage() {
  const { t } = useTranslation()
  const { next, auth_error: ssoError, expired } = useSearch({ from: '/sign-in' })
  const router = useRouter()
  const options = useAuthOptions()
  const { begin } = useSessionChange()
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [choice, setChoice] = useState<{ credentials: Credentials; tenants: TenantChoice[] } | null>(null)
  const [wait, startWait] = useCountdown()
  useEffect(() => {
    document.title = `${t('auth.title')} · Parley`
  }, [t])

  const enter = async (me: Me) => {
    await begin(me)
    router.history.push(safeNext(next))
  }
  const submit = async (credentials: Credentials) => {
    setBusy(true)
    setProblem(null)
    try {
      await enter(await signIn(credentials))
    } catch (err) {
      if (err instanceof ApiError && err.code === 'choose_tenant' && err.extra.tenants) {
        setChoice({ credentials, tenants: err.extra.tenants })
        return
      }
      setChoice(null)
      if (err instanceof ApiError && err.status === 429) startWait(err.retryAfter || 30)
      else setProblem(errorText(err))
    } finally {
      setBusy(false)
    }
  }

  if (options.isPending) return <Splash />
  if (options.isError) {
    return (
      <AuthFrame title={t('app.offlineTitle')} lead={errorText(options.error)}>
        <Button className="w-full" onClick={() => void options.refetch()}>
          {t('app.retry')}
        </Button>
      </AuthFrame>
    )
  }
  if (options.data.setup_needed) return <AuthFrame title={t('auth.setupNeeded')} lead={t('auth.setupNeededText')}>{null}</AuthFrame>
  if (choice) {
    return (
      <AuthFrame title={t('auth.chooseTenant')} lead={t('auth.chooseTenantLead')}>
        <Tenants tenants={choice.tenants} busy={busy} onBack={() => setChoice(null)} onChoose={(tenant) => void submit({ ...choice.credentials, tenant })} />
      </AuthFrame>
    )
  }
  const notice = wait > 0 ? t('auth.throttled', { count: wait }) : problem
  return (
    <AuthFrame title={t('auth.title')} lead={t('auth.lead')}>
      <div className="space-y-5">
        {expired && !notice && <Notice tone="warn">{t('auth.expired')}</Notice>}
        {ssoError && !notice && <Notice>{t('auth.ssoFailed', { reason: ssoError })}</Notice>}
        {/* The countdown is read out once, not every second. */}
        {notice && <Notice key={wait > 0 ? 'wait' : notice}>{wait > 0 ? <span aria-live="off">{notice}</span> : notice}</Notice>}
        <Ways options={options.data} busy={busy} wait={wait} next={safeNext(next)} onSubmit={(c) => void submit(c)} />
      </div>
    </AuthFrame>
  )
}

interface WaysProps {
  options: AuthOptions
  busy: boolean
  wait: number
  next: string
  onSubmit: (c: Credentials) => void
}

// Every way to sign in that the server offers.
function Ways({ options, busy, wait, next, onSubmit }: WaysProps) {
  const { t } = useTranslation()
  if (!options.password && options.oidc.length === 0) return <Notice>{t('auth.noWay')}</Notice>
  return (
    <>
      {options.password && <PasswordForm busy={busy} wait={wait} onSubmit={onSubmit} />}
      {options.password && options.oidc.length > 0 && (
        <div className="flex items-center gap-3 text-sm text-muted">
          <span className="h-px flex-1 bg-line" />
          {t('auth.or')}
          <span className="h-px flex-1 bg-line" />
        </div>
      )}
      {options.oidc.map((o) => (
        <a
          key={o.name}
          href={`${o.url}${o.url.includes('?') ? '&' : '?'}next=${encodeURIComponent(next)}`}
          className="flex h-10 w-full items-center justify-center gap-2 rounded-md border border-line bg-raised font-medium transition-colors hover:bg-sunken"
        >
          <KeyRound aria-hidden="true" className="size-4 text-muted" />
          {t('auth.with', { label: o.label })}
        </a>
      ))}
    </>
  )
}

interface TenantsProps {
  tenants: TenantChoice[]
  busy: boolean
  onBack: () => void
  onChoose: (slug: string) => void
}

function Tenants({ tenants, busy, onBack, onChoose }: TenantsProps) {
  const { t } = useTranslation()
  return (
    <div className="space-y-2">
      {tenants.map((tenant) => (
        <button
          key={tenant.slug}
          type="button"
          disabled={busy}
          onClick={() => onChoose(tenant.slug)}
          className="flex h-12 w-full items-center justify-between gap-3 rounded-md border border-line bg-raised px-4 text-start font-medium transition-colors hover:bg-sunken disabled:opacity-60"
        >
          <span className="truncate">{tenant.name}</span>
          <ArrowRight aria-hidden="true" className="size-4 shrink-0 text-muted rtl:-scale-x-100" />
        </button>
      ))}
      <Button look="ghost" className="w-full" onClick={onBack}>
        {t('auth.back')}
      </Button>
    </div>
  )
}
