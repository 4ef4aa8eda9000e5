import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus, Shapes } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { post } from '@/api/client'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { Badge } from '../kit/Badge'
import { DataTable, type Column } from '../kit/DataTable'
import { Empty } from '../kit/Empty'
import { FormEnd } from '../kit/fields'
import { useFormat } from '../kit/format'
import { NewLink } from '../kit/links'
import { matches, sorted } from '../kit/list'
import { ListBody } from '../kit/ListBody'
import { Page } from '../kit/Page'
import { Panel } from '../kit/Panel'
import { Toolbar } from '../kit/Toolbar'
import { useForm } from '@/kit/useForm'
import { useList } from '../kit/useList'
import type { PageProps } from '../pages'
import type { Group } from '../types'
import { isSaved, useGroups, useGroupsChanged } from './data'
import { GroupPanel } from './GroupPanel'

const values: Record<string, (g: Group) => string | number | undefined> = {
  name: (g) => g.name,
  members: (g) => g.members,
  created: (g) => g.created_at,
}

const spec = { sorts: ['name', 'members', 'created'] }

export default function GroupsPage({ id }: PageProps) {
  const { t } = useTranslation('admin')
  const { language, number, date } = useFormat()
  const { new: making } = useSearch({ from: '/admin/{-$page}/{-$id}' })
  const list = useList(spec)
  const groups = useGroups()
  const found = groups.data?.filter((g) => matches(list.q, g.name, g.description))
  const rows = found && sorted(found, values[list.sort], list.down, language)

  const columns: Column<Group>[] = [
    { key: 'name', title: t('groups.name'), sorts: true, cell: (g) => g.name },
    { key: 'description', title: t('groups.description'), from: 'narrow', card: 'line', cell: (g) => <span className="text-muted">{g.description}</span> },
    { key: 'members', title: t('groups.members'), sorts: true, end: true, cell: (g) => <span className="tabular-nums">{number(g.members)}</span> },
    { key: 'created', title: t('groups.created'), sorts: true, end: true, cell: (g) => (isSaved(g) ? <span className="text-muted">{date(g.created_at)}</span> : <Badge>{t('groups.claimed')}</Badge>) },
  ]
  const add = (
    <NewLink page="groups">
      <Plus aria-hidden="true" className="size-4" />
      {t('groups.new')}
    </NewLink>
  )
  return (
    <Page title={t('nav.groups')} lead={t('groups.lead')} actions={add} panel={id ? <GroupPanel key={id} name={id} query={groups} /> : making ? <NewGroup /> : undefined}>
      <Toolbar list={list} search={t('groups.search')} sorts={columns.filter((c) => c.sorts)} count={rows && t('groups.count', { count: rows.length })} />
      <ListBody query={groups} count={rows?.length} list={list} empty={<Empty icon={Shapes} title={t('groups.empty')} text={t('groups.emptyText')} action={add} />}>
        <DataTable label={t('nav.groups')} columns={columns} rows={rows} id={(g) => g.name} page="groups" chosen={id} list={list} />
      </ListBody>
    </Page>
  )
}

function NewGroup() {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const changed = useGroupsChanged()
  const form = useForm({ name: '', description: '' }, async (values) => {
    const group = await post<Group>('/v1/admin/groups', { name: values.name.trim(), description: values.description.trim() })
    await changed()
    toast({ text: t('groups.wasCreated', { name: group.name }) })
    // On to its members.
    void navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'groups', id: group.name }, search: {} })
  })
  return (
    <Panel page="groups" title={t('groups.newTitle')}>
      <form {...form.props} className="space-y-4">
        {form.problem && <Notice>{form.problem}</Notice>}
        <Field label={t('groups.name')} required maxLength={100} autoComplete="off" {...form.field('name')} />
        <Field label={t('groups.description')} hint={t('groups.descriptionHint')} maxLength={500} autoComplete="off" {...form.field('description')} />
        <FormEnd>
          <Button type="submit" look="primary" busy={form.busy}>
            {t('groups.create')}
          </Button>
        </FormEnd>
      </form>
    </Panel>
  )
}
