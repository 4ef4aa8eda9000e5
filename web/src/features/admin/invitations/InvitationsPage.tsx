import { useSearch } from '@tanstack/react-router'
import { MailPlus } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { when } from '@/features/settings/when'
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
import type { Invitation } from '../types'
import { tones, useInvitations } from './data'
import { InvitationPanel } from './InvitationPanel'
import { NewInvitation } from './NewInvitation'

const states = ['pending', 'accepted', 'expired'] as const

const values: Record<string, (i: Invitation) => string> = {
  created: (i) => i.created_at,
  email: (i) => i.email,
  expires: (i) => i.expires_at,
}

const spec = { filters: { state: states }, sorts: ['-created', 'email', 'expires'] }

export default function InvitationsPage({ me, id }: PageProps) {
  const { t } = useTranslation('admin')
  const { language } = useFormat()
  const { new: making } = useSearch({ from: '/admin/{-$page}/{-$id}' })
  const list = useList(spec)
  const invitations = useInvitations()
  const found = invitations.data
    ?.filter((i) => matches(list.q, i.email, i.name, i.invited_by))
    .filter((i) => !list.filters.state || i.state === list.filters.state)
  const rows = found && sorted(found, values[list.sort], list.down, language)

  const columns: Column<Invitation>[] = [
    { key: 'email', title: t('invitations.email'), sorts: true, cell: (i) => i.email },
    { key: 'state', title: t('invitations.state'), card: 'corner', cell: (i) => <Badge tone={tones[i.state]}>{t(`invitations.states.${i.state}`)}</Badge> },
    { key: 'role', title: t('invitations.role'), cell: (i) => t(`roles.${i.role}`) },
    { key: 'groups', title: t('invitations.groups'), from: 'wide', cell: (i) => <span className="text-muted">{i.groups.join(', ') || '–'}</span> },
    { key: 'by', title: t('invitations.by'), from: 'narrow', cell: (i) => <span className="text-muted">{i.invited_by || '–'}</span> },
    { key: 'created', title: t('invitations.created'), sorts: true, from: 'wide', cell: (i) => <span className="text-muted">{when(i.created_at, language)}</span> },
    { key: 'expires', title: t('invitations.expires'), sorts: true, cell: (i) => <span className="text-muted">{i.state === 'pending' ? when(i.expires_at, language) : '–'}</span> },
  ]
  const add = (
    <NewLink page="invitations">
      <MailPlus aria-hidden="true" className="size-4" />
      {t('invitations.new')}
    </NewLink>
  )
  return (
    <Page
      title={t('nav.invitations')}
      lead={t('invitations.lead')}
      actions={add}
      panel={id ? <InvitationPanel key={id} id={id} query={invitations} /> : making ? <NewInvitation me={me} /> : undefined}
    >
      <Toolbar
        list={list}
        search={t('invitations.search')}
        filters={[{ name: 'state', label: t('invitations.state'), options: states.map((s) => ({ value: s, label: t(`invitations.states.${s}`) })) }]}
        sorts={columns.filter((c) => c.sorts)}
        count={rows && t('invitations.count', { count: rows.length })}
      />
      <ListBody query={invitations} count={rows?.length} list={list} empty={<Empty icon={MailPlus} title={t('invitations.empty')} text={t('invitations.emptyText')} action={add} />}>
        <DataTable label={t('nav.invitations')} columns={columns} rows={rows} id={(i) => i.id} page="invitations" chosen={id} list={list} />
      </ListBody>
    </Page>
  )
}
