import { useSearch } from '@tanstack/react-router'
import { UserPlus, UsersRound } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { when } from '@/features/settings/when'
import { roles } from '../access'
import { useGroupNames } from '../groups/data'
import { Badge } from '../kit/Badge'
import { DataTable, type Column } from '../kit/DataTable'
import { Empty } from '../kit/Empty'
import { useFormat } from '../kit/format'
import { NewLink } from '../kit/links'
import { sorted } from '../kit/list'
import { ListBody } from '../kit/ListBody'
import { Page } from '../kit/Page'
import { Toolbar } from '../kit/Toolbar'
import { useList } from '../kit/useList'
import type { PageProps } from '../pages'
import type { User } from '../types'
import { useUsers } from './data'
import { NewUser } from './NewUser'
import { UserPanel } from './UserPanel'

const values: Record<string, (u: User) => string | undefined> = {
  name: (u) => u.name || u.email,
  email: (u) => u.email,
  role: (u) => String(roles.indexOf(u.role)),
  login: (u) => u.last_login_at,
  created: (u) => u.created_at,
}

const spec = { filters: { role: roles, group: null, status: ['active', 'disabled'] }, sorts: ['name', 'email', 'role', 'login', 'created'] }

export default function UsersPage({ me, id }: PageProps) {
  const { t } = useTranslation('admin')
  const { language } = useFormat()
  const { new: making } = useSearch({ from: '/admin/{-$page}/{-$id}' })
  const list = useList(spec)
  const groups = useGroupNames()
  const sort = (list.down ? '-' : '') + list.sort
  const users = useUsers({ q: list.q, role: list.filters.role, group: list.filters.group, status: list.filters.status, sort })
  // The server's order of letters is no language's. What is all here is put into the reader's.
  const rows = users.data && (users.data.onePage ? sorted(users.data.rows, values[list.sort], list.down, language) : users.data.rows)

  const columns: Column<User>[] = [
    { key: 'name', title: t('users.name'), sorts: true, cell: (u) => <span className={u.disabled ? 'text-muted' : undefined}>{u.name || u.email}</span> },
    { key: 'email', title: t('users.email'), sorts: true, from: 'wide', card: 'line', cell: (u) => <span className="text-muted">{u.email}</span> },
    { key: 'role', title: t('users.role'), sorts: true, cell: (u) => t(`roles.${u.role}`) },
    { key: 'groups', title: t('users.groups'), from: 'narrow', cell: (u) => <span className="text-muted">{u.groups.join(', ') || '–'}</span> },
    { key: 'status', title: t('users.status'), card: 'corner', cell: (u) => (u.disabled ? <Badge tone="warn">{t('users.disabled')}</Badge> : <span className="text-muted">{t('users.active')}</span>) },
    { key: 'login', title: t('users.lastLogin'), sorts: true, cell: (u) => <span className="text-muted">{u.last_login_at ? when(u.last_login_at, language) : t('users.never')}</span> },
  ]
  return (
    <Page
      title={t('nav.users')}
      lead={t('users.lead')}
      actions={
        <>
          <NewLink page="invitations" look="secondary" search={{}}>
            {t('users.invite')}
          </NewLink>
          <NewLink page="users">
            <UserPlus aria-hidden="true" className="size-4" />
            {t('users.new')}
          </NewLink>
        </>
      }
      panel={id ? <UserPanel key={id} me={me} id={id} /> : making ? <NewUser me={me} /> : undefined}
    >
      <Toolbar
        list={list}
        search={t('users.search')}
        filters={[
          { name: 'role', label: t('users.role'), options: roles.map((r) => ({ value: r, label: t(`roles.${r}`) })) },
          { name: 'group', label: t('users.group'), options: groups.map((g) => ({ value: g, label: g })) },
          { name: 'status', label: t('users.status'), options: [{ value: 'active', label: t('users.active') }, { value: 'disabled', label: t('users.disabled') }] },
        ]}
        sorts={columns.filter((c) => c.sorts)}
        count={users.data && t('users.count', { count: users.data.total })}
      />
      <ListBody
        query={users}
        count={rows?.length}
        list={list}
        empty={<Empty icon={UsersRound} title={t('users.empty')} text={t('users.emptyText')} />}
        more={{ has: users.hasNextPage, busy: users.isFetchingNextPage, load: () => void users.fetchNextPage() }}
      >
        <DataTable label={t('nav.users')} columns={columns} rows={rows} id={(u) => u.id} page="users" chosen={id} list={list} />
      </ListBody>
    </Page>
  )
}
