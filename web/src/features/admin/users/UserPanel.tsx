import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Me } from '@/api/types'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { grantable } from '../access'
import { useGroupNames } from '../groups/data'
import { Badge } from '../kit/Badge'
import { Facts } from '../kit/Facts'
import { FormEnd, NamesField, SelectField } from '../kit/fields'
import { useFormat } from '../kit/format'
import { Panel, PanelPart, PanelSkeleton } from '../kit/Panel'
import { useForm } from '@/kit/useForm'
import type { User } from '../types'
import { useChangeUser, useUser } from './data'
import { UserDanger } from './UserDanger'
import { UserSignIn } from './UserSignIn'

/** One user: who it is, what it may, where it is signed in, and how it is sent away. */
export function UserPanel({ me, id }: { me: Me; id: string }) {
  const { t } = useTranslation('admin')
  const user = useUser(id)
  const u = user.data
  const title = u ? u.name || u.email : t('users.one')
  // Only owners touch owners; everybody's own account is looked after in its own settings.
  const locked = u?.role === 'owner' && me.user.role !== 'owner'
  return (
    <Panel page="users" row={id} title={title} subtitle={u && <Subtitle user={u} self={u.id === me.user.id} />}>
      {user.isError && !u && <Notice>{errorText(user.error)}</Notice>}
      {!u && user.isPending && <PanelSkeleton />}
      {u && locked && <Notice tone="warn">{t('users.ownerOnly')}</Notice>}
      {u && !locked && <UserForm key={String(user.isPlaceholderData)} me={me} user={u} />}
      {u && <UserFacts user={u} />}
      {u && !locked && <UserSignIn me={me} user={u} />}
      {u && !locked && u.id !== me.user.id && <UserDanger user={u} />}
    </Panel>
  )
}

function Subtitle({ user, self }: { user: User; self: boolean }) {
  const { t } = useTranslation('admin')
  return (
    <span className="flex flex-wrap items-center gap-2">
      {user.email}
      {self && <Badge>{t('users.you')}</Badge>}
      {user.disabled && <Badge tone="warn">{t('users.disabled')}</Badge>}
    </span>
  )
}

function UserForm({ me, user }: { me: Me; user: User }) {
  const { t } = useTranslation('admin')
  const groups = useGroupNames()
  const change = useChangeUser()
  const form = useForm({ name: user.name, role: user.role, groups: user.groups }, async (values) => {
    await change.mutateAsync({ id: user.id, change: { ...values, name: values.name.trim() } })
    toast({ text: t('kit.saved') })
  })
  return (
    <form {...form.props} className="space-y-4">
      {form.problem && <Notice>{form.problem}</Notice>}
      <Field label={t('users.name')} required maxLength={200} autoComplete="off" {...form.field('name')} />
      <SelectField label={t('users.role')} hint={t(`roleHints.${form.values.role}`)} {...form.field('role')} options={grantable(me).map((r) => ({ value: r, label: t(`roles.${r}`) }))} />
      <NamesField label={t('users.groups')} name="groups" hint={t('users.groupsHint')} suggestions={groups} value={form.values.groups} onChange={(v) => form.set('groups', v)} error={form.error('groups')} />
      <FormEnd>
        <Button type="submit" look="primary" size="sm" busy={form.busy} disabled={!form.changed}>
          {t('kit.save')}
        </Button>
        {form.changed && (
          <Button look="ghost" size="sm" onClick={() => form.reset({ name: user.name, role: user.role, groups: user.groups })}>
            {t('kit.discard')}
          </Button>
        )}
      </FormEnd>
    </form>
  )
}

function UserFacts({ user }: { user: User }) {
  const { t } = useTranslation('admin')
  const { dateTime } = useFormat()
  return (
    <PanelPart title={t('users.account')}>
      <Facts
        items={[
          [t('users.created_at'), dateTime(user.created_at)],
          [t('users.lastLogin'), user.last_login_at ? dateTime(user.last_login_at) : t('users.never')],
          [t('users.way'), user.has_password ? t('users.byPassword') : t('users.bySso')],
          [t('users.id'), <code className="font-mono text-xs">{user.id}</code>],
        ]}
      />
    </PanelPart>
  )
}
