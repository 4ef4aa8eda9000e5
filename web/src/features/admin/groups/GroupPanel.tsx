import type { UseQueryResult } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { del, patch, post } from '@/api/client'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { FormEnd } from '../kit/fields'
import { Panel, PanelPart, PanelSkeleton } from '../kit/Panel'
import { TypedConfirm } from '../kit/TypedConfirm'
import { useForm } from '@/kit/useForm'
import type { Group } from '../types'
import { groupPath, isSaved, useGroupsChanged } from './data'
import { Members } from './Members'

/** One group: its name, who is in it, and how it is deleted. */
export function GroupPanel({ name, query }: { name: string; query: UseQueryResult<Group[]> }) {
  const { t } = useTranslation('admin')
  const group = query.data?.find((g) => g.name === name)
  return (
    <Panel page="groups" row={name} title={name} subtitle={group && t('users.count', { count: group.members })}>
      {!group && (query.isPending ? <PanelSkeleton /> : <p className="text-sm text-muted">{t('groups.gone')}</p>)}
      {group && (
        <>
          <GroupForm group={group} />
          <Members group={name} />
          <DeleteGroup group={group} />
        </>
      )}
    </Panel>
  )
}

function GroupForm({ group }: { group: Group }) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const changed = useGroupsChanged()
  const saved = isSaved(group)
  const form = useForm({ name: group.name, description: group.description }, async (values) => {
    const name = values.name.trim()
    const description = values.description.trim()
    // A group that is known only from its members has to be made before it can be renamed.
    if (!saved) await post<Group>('/v1/admin/groups', { name: group.name, description })
    if (saved || name !== group.name) await patch<Group>(groupPath(group.name), { name, description })
    await changed()
    toast({ text: t('kit.saved') })
    if (name !== group.name) void navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'groups', id: name }, search: true, replace: true })
  })
  return (
    <form {...form.props} className="space-y-4">
      {!saved && <p className="text-sm text-muted">{t('groups.claimedText')}</p>}
      {form.problem && <Notice>{form.problem}</Notice>}
      <Field label={t('groups.name')} required maxLength={100} autoComplete="off" {...form.field('name')} />
      <Field label={t('groups.description')} hint={t('groups.descriptionHint')} maxLength={500} autoComplete="off" {...form.field('description')} />
      <FormEnd>
        <Button type="submit" look="primary" size="sm" busy={form.busy} disabled={saved && !form.changed}>
          {t('kit.save')}
        </Button>
      </FormEnd>
    </form>
  )
}

function DeleteGroup({ group }: { group: Group }) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const changed = useGroupsChanged()
  const [asking, setAsking] = useState(false)
  return (
    <PanelPart title={t('groups.danger')} text={t('groups.dangerText')}>
      <Button size="sm" className="text-danger!" onClick={() => setAsking(true)}>
        {t('groups.delete')}
      </Button>
      {asking && (
        <TypedConfirm
          title={t('groups.deleteTitle', { name: group.name })}
          description={t('groups.deleteText')}
          word={group.name}
          confirm={t('groups.delete')}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await del(groupPath(group.name))
            await navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'groups', id: undefined }, search: true })
            toast({ text: t('groups.deleted', { name: group.name }) })
            await changed()
          }}
        />
      )}
    </PanelPart>
  )
}
