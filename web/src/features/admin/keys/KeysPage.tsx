import { useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { del, get } from '@/api/client'
import type { Page as ApiPage } from '@/api/types'
import { isPast, when } from '@/features/settings/when'
import { AskFirst } from '@/kit/AskFirst'
import { Button } from '@/kit/Button'
import { toast } from '@/kit/toasts'
import { Badge, type Tone } from '../kit/Badge'
import { DataTable, type Column } from '../kit/DataTable'
import { Empty } from '../kit/Empty'
import { Facts } from '../kit/Facts'
import { useFormat } from '../kit/format'
import { PageLink } from '../kit/links'
import { matches, sorted } from '../kit/list'
import { ListBody } from '../kit/ListBody'
import { Page } from '../kit/Page'
import { Panel, PanelPart, PanelSkeleton } from '../kit/Panel'
import { Toolbar } from '../kit/Toolbar'
import { useList } from '../kit/useList'
import type { PageProps } from '../pages'
import type { OwnedKey } from '../types'

const states = ['active', 'unused', 'expired'] as const
type State = (typeof states)[number]

const stateOf = (k: OwnedKey): State => (k.expires_at && isPast(k.expires_at) ? 'expired' : k.last_used_at ? 'active' : 'unused')
const tones: Record<State, Tone> = { active: 'plain', unused: 'plain', expired: 'warn' }

const values: Record<string, (k: OwnedKey) => string | null | undefined> = {
  name: (k) => k.name,
  owner: (k) => k.user_name,
  created: (k) => k.created_at,
  used: (k) => k.last_used_at,
  expires: (k) => k.expires_at,
}

const spec = { filters: { state: states, may: ['chat', 'admin'] }, sorts: ['-used', 'name', 'owner', 'created', 'expires'] }
const listKey = ['admin', 'keys']

export default function KeysPage({ id }: PageProps) {
  const { t } = useTranslation('admin')
  const { language } = useFormat()
  const list = useList(spec)
  const keys = useQuery({ queryKey: listKey, queryFn: ({ signal }) => get<ApiPage<OwnedKey>>('/v1/admin/keys', {}, signal).then((p) => p.data) })
  const found = keys.data
    ?.filter((k) => matches(list.q, k.name, k.user_name, k.prefix))
    .filter((k) => !list.filters.state || stateOf(k) === list.filters.state)
    .filter((k) => !list.filters.may || k.permissions.includes('admin') === (list.filters.may === 'admin'))
  const rows = found && sorted(found, values[list.sort], list.down, language)

  const columns: Column<OwnedKey>[] = [
    { key: 'name', title: t('keys.name'), sorts: true, cell: (k) => k.name },
    { key: 'owner', title: t('keys.owner'), sorts: true, cell: (k) => k.user_name },
    { key: 'prefix', title: t('keys.prefix'), from: 'wide', cell: (k) => <code className="font-mono text-xs text-muted">{k.prefix}…</code> },
    { key: 'may', title: t('keys.permissions'), from: 'narrow', cell: (k) => <span className="text-muted">{k.permissions.map((p) => t(`keys.may.${p}`)).join(', ')}</span> },
    { key: 'state', title: t('keys.state'), card: 'corner', cell: (k) => <Badge tone={tones[stateOf(k)]}>{t(`keys.states.${stateOf(k)}`)}</Badge> },
    { key: 'used', title: t('keys.used'), sorts: true, cell: (k) => <span className="text-muted">{k.last_used_at ? when(k.last_used_at, language) : '–'}</span> },
    { key: 'expires', title: t('keys.expires'), sorts: true, from: 'narrow', cell: (k) => <span className="text-muted">{k.expires_at ? when(k.expires_at, language) : t('keys.noEnd')}</span> },
  ]
  return (
    <Page title={t('nav.keys')} lead={t('keys.lead')} panel={id ? <KeyPanel key={id} id={id} query={keys} /> : undefined}>
      <Toolbar
        list={list}
        search={t('keys.search')}
        filters={[
          { name: 'state', label: t('keys.state'), options: states.map((s) => ({ value: s, label: t(`keys.states.${s}`) })) },
          { name: 'may', label: t('keys.permissions'), options: [{ value: 'chat', label: t('keys.chat') }, { value: 'admin', label: t('keys.admin') }] },
        ]}
        sorts={columns.filter((c) => c.sorts)}
        count={rows && t('keys.count', { count: rows.length })}
      />
      <ListBody query={keys} count={rows?.length} list={list} empty={<Empty icon={KeyRound} title={t('keys.empty')} text={t('keys.emptyText')} />}>
        <DataTable label={t('nav.keys')} columns={columns} rows={rows} id={(k) => k.id} page="keys" chosen={id} list={list} />
      </ListBody>
    </Page>
  )
}

interface PanelProps {
  id: string
  query: UseQueryResult<OwnedKey[]>
}

function KeyPanel({ id, query }: PanelProps) {
  const { t } = useTranslation('admin')
  const { dateTime } = useFormat()
  const k = query.data?.find((other) => other.id === id)
  return (
    <Panel page="keys" row={id} title={k?.name ?? t('keys.one')} subtitle={k && <Badge tone={tones[stateOf(k)]}>{t(`keys.states.${stateOf(k)}`)}</Badge>}>
      {!k && (query.isPending ? <PanelSkeleton /> : <p className="text-sm text-muted">{t('keys.gone')}</p>)}
      {k && (
        <>
          <Facts
            items={[
              [
                t('keys.owner'),
                <PageLink page="users" id={k.user_id} search={{}} className="text-accent underline underline-offset-4">
                  {k.user_name}
                </PageLink>,
              ],
              [t('keys.prefix'), <code className="font-mono text-xs">{k.prefix}…</code>],
              [t('keys.permissions'), k.permissions.map((p) => t(`keys.may.${p}`)).join(', ')],
              [t('keys.created'), dateTime(k.created_at)],
              [t('keys.used'), k.last_used_at ? dateTime(k.last_used_at) : t('keys.never')],
              [t('keys.expires'), k.expires_at ? dateTime(k.expires_at) : t('keys.noEnd')],
            ]}
          />
          <Revoke item={k} />
        </>
      )}
    </Panel>
  )
}

function Revoke({ item }: { item: OwnedKey }) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const text = t('keys.revokeText', { name: item.name, owner: item.user_name })
  const revoke = async () => {
    await del(`/v1/admin/keys/${encodeURIComponent(item.id)}`)
    await navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'keys', id: undefined }, search: true })
    toast({ text: t('keys.revoked') })
    await client.invalidateQueries({ queryKey: listKey })
  }
  return (
    <PanelPart title={t('keys.revoke')} text={text}>
      <Button size="sm" className="text-danger!" onClick={() => setAsking(true)}>
        {t('keys.revoke')}
      </Button>
      {asking && <AskFirst title={t('keys.revokeTitle')} description={text} confirm={t('keys.revoke')} onClose={() => setAsking(false)} work={revoke} />}
    </PanelPart>
  )
}
