import { useQueryClient } from '@tanstack/react-query'
import { KeyRound, LogOut } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Me } from '@/api/types'
import { useShortestPassword } from '@/features/auth/session'
import { deviceName } from '@/features/settings/device'
import { useAction } from '@/kit/useAction'
import { when } from '@/features/settings/when'
import { Button } from '@/kit/Button'
import { ConfirmDialog } from '@/kit/Dialog'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { useFormat } from '../kit/format'
import { Once } from '../kit/Once'
import { PanelPart } from '../kit/Panel'
import { PasswordField } from '../kit/PasswordField'
import { fieldError, useForm } from '@/kit/useForm'
import type { User } from '../types'
import { endSessions, useChangeUser, useUserSessions } from './data'

/** Where a user is signed in, and what opens the account. */
export function UserSignIn({ me, user }: { me: Me; user: User }) {
  const { t } = useTranslation('admin')
  const { language } = useFormat()
  const sessions = useUserSessions(user.id)
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const { busy, problem, run, clear } = useAction()
  const self = user.id === me.user.id
  const end = () =>
    run(async () => {
      await endSessions(user.id)
      setAsking(false)
      toast({ text: t('users.signedOut', { name: user.name || user.email }) })
      await client.invalidateQueries({ queryKey: ['admin', 'users', 'sessions', user.id] })
      if (self) await client.invalidateQueries({ queryKey: ['me'] })
    })
  return (
    <PanelPart title={t('users.sessions')}>
      {sessions.isPending && <Skeleton className="h-12" />}
      {sessions.isError && <Notice>{errorText(sessions.error)}</Notice>}
      {sessions.data?.length === 0 && <p className="text-sm text-muted">{t('users.noSessions')}</p>}
      <ul className="divide-y divide-line rounded-md border border-line empty:hidden">
        {sessions.data?.map((s) => (
          <li key={s.id} className="px-3.5 py-2 text-sm">
            <p className="truncate font-medium">{deviceName(s.user_agent)}</p>
            <p className="truncate text-xs text-muted">{[s.current ? t('users.thisSession') : when(s.last_seen_at, language), s.ip].filter(Boolean).join(' · ')}</p>
          </li>
        ))}
      </ul>
      {!!sessions.data?.length && (
        <Button size="sm" onClick={() => setAsking(true)}>
          <LogOut aria-hidden="true" className="size-4" />
          {t('users.signOut')}
        </Button>
      )}
      {self ? <p className="text-sm text-muted">{t('users.selfPassword')}</p> : <Password user={user} />}
      <ConfirmDialog
        open={asking}
        onClose={() => {
          setAsking(false)
          clear()
        }}
        onConfirm={() => void end()}
        busy={busy}
        title={t('users.signOutTitle')}
        description={self ? t('users.signOutSelf') : t('users.signOutText', { name: user.name || user.email })}
        confirm={t('users.signOut')}
      >
        {problem && <Notice>{problem}</Notice>}
      </ConfirmDialog>
    </PanelPart>
  )
}

// Sets another password, and shows it until it was passed on.
function Password({ user }: { user: User }) {
  const { t } = useTranslation('admin')
  const [open, setOpen] = useState(false)
  const [made, setMade] = useState('')
  if (made) return <Once title={t('users.passwordSet')} text={t('users.passOn', { email: user.email })} secret={made} copy={t('users.copyPassword')} onDone={() => setMade('')} />
  if (!open) {
    return (
      <Button size="sm" onClick={() => setOpen(true)}>
        <KeyRound aria-hidden="true" className="size-4" />
        {user.has_password ? t('users.resetPassword') : t('users.givePassword')}
      </Button>
    )
  }
  return (
    <PasswordForm
      id={user.id}
      onCancel={() => setOpen(false)}
      onMade={(password) => {
        setMade(password)
        setOpen(false)
      }}
    />
  )
}

function PasswordForm({ id, onMade, onCancel }: { id: string; onMade: (password: string) => void; onCancel: () => void }) {
  const { t } = useTranslation('admin')
  const shortest = useShortestPassword()
  const change = useChangeUser()
  const form = useForm({ password: '' }, async ({ password }) => {
    if (password.length < shortest) throw fieldError('password', t('users.short', { count: shortest }))
    await change.mutateAsync({ id, change: { password } })
    onMade(password)
  })
  return (
    <form {...form.props} className="space-y-3 rounded-md border border-line p-4">
      {form.problem && <Notice>{form.problem}</Notice>}
      <PasswordField label={t('users.newPassword')} hint={t('users.resetHint')} required {...form.field('password')} />
      <div className="flex gap-2">
        <Button type="submit" look="primary" size="sm" busy={form.busy}>
          {t('users.setPassword')}
        </Button>
        <Button look="ghost" size="sm" onClick={onCancel}>
          {t('kit.cancel')}
        </Button>
      </div>
    </form>
  )
}
