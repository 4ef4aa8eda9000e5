import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import type { Credentials } from './session'

interface Props {
  busy: boolean
  /** Seconds before the next try. */
  wait: number
  onSubmit: (c: Credentials) => void
}

export function PasswordForm({ busy, wait, onSubmit }: Props) {
  const { t } = useTranslation()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  return (
    <form
      className="space-y-4"
      onSubmit={(e) => {
        e.preventDefault()
        if (!busy && wait === 0) onSubmit({ email: email.trim(), password })
      }}
    >
      <Field autoFocus label={t('auth.email')} type="email" name="email" autoComplete="username" required value={email} onChange={(e) => setEmail(e.target.value)} />
      <Field
        label={t('auth.password')}
        type="password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(e) => setPassword(e.target.value)}
      />
      <Button type="submit" look="primary" className="w-full" busy={busy} disabled={wait > 0}>
        {wait > 0 ? t('auth.wait', { count: wait }) : t('auth.submit')}
      </Button>
    </form>
  )
}
