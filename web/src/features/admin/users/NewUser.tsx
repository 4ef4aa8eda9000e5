import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { post } from '@/api/client'
import type { Me, Role } from '@/api/types'
import { useShortestPassword } from '@/features/auth/session'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { grantable } from '../access'
import { useGroupNames } from '../groups/data'
import { FormEnd, NamesField, SelectField } from '../kit/fields'
import { Once } from '../kit/Once'
import { Panel } from '../kit/Panel'
import { PasswordField } from '../kit/PasswordField'
import { fieldError, useForm } from '@/kit/useForm'
import type { User } from '../types'
import { useUsersChanged } from './data'

const blank = { name: '', email: '', role: 'member' as Role, groups: [] as string[], password: '' }

/** Makes a user. The password is shown until it was passed on, since it is not told again. */
export function NewUser({ me }: { me: Me }) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const groups = useGroupNames()
  const shortest = useShortestPassword()
  const changed = useUsersChanged()
  const [made, setMade] = useState<{ user: User; password: string } | null>(null)
  const show = (user: User) => void navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'users', id: user.id }, search: {} })
  const form = useForm(blank, async ({ password, ...rest }) => {
    if (password && password.length < shortest) throw fieldError('password', t('users.short', { count: shortest }))
    const user = await post<User>('/v1/admin/users', { ...rest, name: rest.name.trim(), email: rest.email.trim(), password: password || undefined })
    await changed()
    if (password) setMade({ user, password })
    else {
      toast({ text: t('users.created', { name: user.name }) })
      show(user)
    }
  })
  return (
    <Panel page="users" title={t('users.newTitle')}>
      {made ? (
        <Once title={t('users.created', { name: made.user.name })} text={t('users.passOn', { email: made.user.email })} secret={made.password} copy={t('users.copyPassword')} onDone={() => show(made.user)} />
      ) : (
        <form {...form.props} className="space-y-4">
          {form.problem && <Notice>{form.problem}</Notice>}
          <Field label={t('users.name')} required maxLength={200} autoComplete="off" {...form.field('name')} />
          <Field label={t('users.email')} type="email" required autoComplete="off" {...form.field('email')} />
          <SelectField label={t('users.role')} hint={t(`roleHints.${form.values.role}`)} {...form.field('role')} options={grantable(me).map((r) => ({ value: r, label: t(`roles.${r}`) }))} />
          <NamesField label={t('users.groups')} name="groups" hint={t('users.groupsHint')} suggestions={groups} value={form.values.groups} onChange={(v) => form.set('groups', v)} error={form.error('groups')} />
          <PasswordField label={t('users.password')} hint={t('users.passwordHint')} {...form.field('password')} />
          <FormEnd>
            <Button type="submit" look="primary" busy={form.busy}>
              {t('users.create')}
            </Button>
          </FormEnd>
        </form>
      )}
    </Panel>
  )
}
