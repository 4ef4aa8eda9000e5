import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Me, Role } from '@/api/types'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { grantable } from '../access'
import { useGroupNames } from '../groups/data'
import { FormEnd, NamesField, SelectField } from '../kit/fields'
import { Panel } from '../kit/Panel'
import { useForm } from '@/kit/useForm'
import type { NewInvitation as Made } from '../types'
import { useInviting } from './data'
import { InvitationLink } from './InvitationLink'

const lifetimes = [1, 3, 7, 14, 30]

const blank: { email: string; name: string; role: Role; groups: string[]; days: string } = { email: '', name: '', role: 'member', groups: [], days: '7' }

/** Makes an invitation, and shows its link until it was passed on. */
export function NewInvitation({ me }: { me: Me }) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const groups = useGroupNames()
  const { invite } = useInviting()
  const [made, setMade] = useState<Made | null>(null)
  const form = useForm(blank, async ({ days, ...rest }) => {
    setMade(await invite({ ...rest, email: rest.email.trim(), name: rest.name.trim(), expires_in_days: Number(days) }))
  })
  return (
    <Panel page="invitations" title={t('invitations.newTitle')}>
      {made ? (
        <InvitationLink made={made} onDone={() => void navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'invitations', id: undefined }, search: {} })} />
      ) : (
        <form {...form.props} className="space-y-4">
          {form.problem && <Notice>{form.problem}</Notice>}
          <Field label={t('invitations.email')} type="email" required autoComplete="off" {...form.field('email')} />
          <Field label={t('invitations.name')} hint={t('invitations.nameHint')} maxLength={200} autoComplete="off" {...form.field('name')} />
          <SelectField label={t('invitations.role')} hint={t(`roleHints.${form.values.role}`)} {...form.field('role')} options={grantable(me).map((r) => ({ value: r, label: t(`roles.${r}`) }))} />
          <NamesField label={t('invitations.groups')} name="groups" hint={t('users.groupsHint')} suggestions={groups} value={form.values.groups} onChange={(v) => form.set('groups', v)} error={form.error('groups')} />
          <SelectField label={t('invitations.ends')} {...form.field('days')} options={lifetimes.map((n) => ({ value: String(n), label: t('invitations.days', { count: n }) }))} />
          <FormEnd>
            <Button type="submit" look="primary" busy={form.busy}>
              {t('invitations.create')}
            </Button>
          </FormEnd>
        </form>
      )}
    </Panel>
  )
}
