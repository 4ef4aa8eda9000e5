import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { Building2, Plus } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { get } from '@/api/client'
import type { Page as ApiPage } from '@/api/types'
import { Badge } from '../kit/Badge'
import { DataTable, type Column } from '../kit/DataTable'
import { Empty } from '../kit/Empty'
import { useFormat } from '../kit/format'
import { NewLink } from '../kit/links'
import { matches, sorted } from '../kit/list'
import { ListBody } from '../kit/ListBody'
import { Page } from '../kit/Page'
import { Toolbar } from '../kit/Toolbar'
import { useList } from '../kit/useList'
import type { PageProps } from '../pages'
import type { Tenant } from '../types'
import { NewTenant } from './NewTenant'
import { TenantPanel } from './TenantPanel'

const key = ['admin', 'tenants']
const states = ['open', 'closed'] as const
const stateOf = (x: Tenant) => (x.deleted_at ? 'closed' : 'open')

const values: Record<string, (x: Tenant) => string> = { name: (x) => x.name, slug: (x) => x.slug, created: (x) => x.created_at }
const spec = { filters: { state: states }, sorts: ['name', 'slug', 'created'] }

export default function TenantsPage({ id }: PageProps) {
  const { t } = useTranslation('admin')
  const { language, date } = useFormat()
  const { new: making } = useSearch({ from: '/admin/{-$page}/{-$id}' })
  const client = useQueryClient()
  const list = useList(spec)
  const tenants = useQuery({ queryKey: key, queryFn: ({ signal }) => get<ApiPage<Tenant>>('/v1/admin/tenants', {}, signal).then((p) => p.data) })
  const changed = () => client.invalidateQueries({ queryKey: key })
  const found = tenants.data?.filter((x) => matches(list.q, x.name, x.slug)).filter((x) => !list.filters.state || stateOf(x) === list.filters.state)
  const rows = found && sorted(found, values[list.sort], list.down, language)

  const columns: Column<Tenant>[] = [
    { key: 'name', title: t('tenants.name'), sorts: true, cell: (x) => x.name },
    { key: 'slug', title: t('tenants.slug'), sorts: true, cell: (x) => <code className="font-mono text-xs text-muted">{x.slug}</code> },
    {
      key: 'state',
      title: t('tenants.state'),
      card: 'corner',
      cell: (x) => (x.operator ? <Badge tone="good">{t('tenants.operator')}</Badge> : x.deleted_at ? <Badge tone="warn">{t('tenants.states.closed')}</Badge> : <span className="text-muted">{t('tenants.states.open')}</span>),
    },
    { key: 'created', title: t('tenants.created'), sorts: true, cell: (x) => <span className="text-muted">{date(x.created_at)}</span> },
  ]
  const add = (
    <NewLink page="tenants">
      <Plus aria-hidden="true" className="size-4" />
      {t('tenants.new')}
    </NewLink>
  )
  return (
    <Page
      title={t('nav.tenants')}
      lead={t('tenants.lead')}
      actions={add}
      panel={id ? <TenantPanel key={id} id={id} query={tenants} onChanged={changed} /> : making ? <NewTenant onChanged={changed} /> : undefined}
    >
      <Toolbar
        list={list}
        search={t('tenants.search')}
        filters={[{ name: 'state', label: t('tenants.state'), options: states.map((s) => ({ value: s, label: t(`tenants.states.${s}`) })) }]}
        sorts={columns.filter((c) => c.sorts)}
        count={rows && t('tenants.count', { count: rows.length })}
      />
      <ListBody query={tenants} count={rows?.length} list={list} empty={<Empty icon={Building2} title={t('tenants.empty')} text={t('tenants.emptyText')} action={add} />}>
        <DataTable label={t('nav.tenants')} columns={columns} rows={rows} id={(x) => x.id} page="tenants" chosen={id} list={list} />
      </ListBody>
    </Page>
  )
}
