import { useQuery } from '@tanstack/react-query'
import { useTranslation } from '@/i18n/useTranslation'
import { Skeleton } from '@/kit/Skeleton'
import { access } from '../access'
import { useGroups } from '../groups/data'
import { healthQuery } from '../health/data'
import { Verdict } from '../health/Verdict'
import { useInvitations } from '../invitations/data'
import { useFormat } from '../kit/format'
import { PageLink } from '../kit/links'
import { Page } from '../kit/Page'
import { useCatalogue } from '../models/data'
import type { PageProps } from '../pages'
import type { Check } from '../types'
import { usageQuery } from '../usage/data'
import { dayOf } from '../usage/range'
import { useUserCount } from '../users/data'
import { attention, type Attention } from './attention'
import { AttentionList } from './AttentionList'
import { Week } from './Week'

/** How the installation does in one look: what needs somebody, the week, and who is here. */
export default function OverviewPage({ me }: PageProps) {
  const { t } = useTranslation('admin')
  const host = access.host(me)
  const health = useQuery({ ...healthQuery, enabled: host })
  const catalogue = useCatalogue(host)
  const invitations = useInvitations()
  const today = dayOf(new Date())
  const week = useQuery(usageQuery(dayOf(new Date(), -6), today, 'day'))
  const list = attention({ health: health.data, models: catalogue.data?.data, invitations: invitations.data, week: week.data })
  const loading = invitations.isPending || (host && (health.isPending || catalogue.isPending))
  return (
    <Page title={t('nav.overview')} lead={t('overview.lead')}>
      <div className="space-y-9">
        <section>
          <h2 className="sr-only">{t('overview.attention')}</h2>
          {loading ? <Skeleton className="h-20" /> : <Summary items={list} checks={health.data?.checks} />}
        </section>
        <Week />
        <People />
      </div>
    </Page>
  )
}

// What needs somebody; else that all is well, as far as the reader may know it.
function Summary({ items, checks }: { items: Attention[]; checks?: Check[] }) {
  const { t } = useTranslation('admin')
  if (items.length > 0) return <AttentionList items={items} />
  if (checks) {
    return (
      <Verdict
        checks={checks}
        action={
          <PageLink page="health" search={{}} className="text-sm font-medium text-accent underline-offset-4 hover:underline">
            {t('overview.health')}
          </PageLink>
        }
      />
    )
  }
  return <p className="rounded-lg border border-line bg-raised px-5 py-4 text-sm text-muted">{t('overview.nothing')}</p>
}

function People() {
  const { t } = useTranslation('admin')
  const { number } = useFormat()
  const users = useUserCount()
  const invitations = useInvitations()
  const groups = useGroups()
  const items: [page: string, title: string, count: number | undefined][] = [
    ['users', t('overview.users'), users.data],
    ['invitations', t('overview.pending'), invitations.data?.filter((i) => i.state === 'pending').length],
    ['groups', t('overview.groups'), groups.data?.length],
  ]
  return (
    <section>
      <h2 className="mb-3 text-base font-semibold">{t('overview.people')}</h2>
      <ul className="grid gap-3 @xl:grid-cols-3">
        {items.map(([page, title, count]) => (
          <li key={page}>
            <PageLink page={page} search={{}} className="block rounded-lg border border-line bg-raised px-5 py-3.5 transition-colors hover:bg-sunken">
              <span className="block text-xs text-muted">{title}</span>
              <span className="block text-lg font-semibold tabular-nums">{count === undefined ? '…' : number(count)}</span>
            </PageLink>
          </li>
        ))}
      </ul>
    </section>
  )
}
