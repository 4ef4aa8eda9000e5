import type { UseQueryResult } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { del, patch, post } from '@/api/client'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { Badge } from '../kit/Badge'
import { Facts } from '../kit/Facts'
import { FormEnd } from '../kit/fields'
import { useFormat } from '../kit/format'
import { Panel, PanelPart, PanelSkeleton } from '../kit/Panel'
import { TypedConfirm } from '../kit/TypedConfirm'
import { useForm } from '@/kit/useForm'
import type { Tenant } from '../types'

interface Props {
  id: string
  query: UseQueryResult<Tenant[]>
  onChanged: () => Promise<void>
}

const path = (x: Tenant) => `/v1/admin/tenants/${encodeURIComponent(x.id)}`

/** One tenant: its name, and the two ways in which it ends. */
export function TenantPanel({ id, query, onChanged }: Props) {
  const { t } = useTranslation('admin')
  const { dateTime } = useFormat()
  const x = query.data?.find((other) => other.id === id)
  return (
    <Panel page="tenants" row={id} title={x?.name ?? t('tenants.one')} subtitle={x?.deleted_at ? <Badge tone="warn">{t('tenants.states.closed')}</Badge> : x?.slug}>
      {!x && (query.isPending ? <PanelSkeleton /> : <p className="text-sm text-muted">{t('tenants.gone')}</p>)}
      {x && (
        <>
          {!x.deleted_at && <Rename tenant={x} onChanged={onChanged} />}
          <Facts
            items={[
              [t('tenants.slug'), x.slug],
              [t('tenants.created'), dateTime(x.created_at)],
              [t('tenants.closed'), x.deleted_at && dateTime(x.deleted_at)],
              [t('tenants.id'), <code className="font-mono text-xs">{x.id}</code>],
            ]}
          />
          {x.operator ? <p className="border-t border-line pt-5 text-sm text-muted">{t('tenants.isOperator')}</p> : <Ending tenant={x} onChanged={onChanged} />}
        </>
      )}
    </Panel>
  )
}

function Rename({ tenant, onChanged }: { tenant: Tenant; onChanged: () => Promise<void> }) {
  const { t } = useTranslation('admin')
  const form = useForm({ name: tenant.name }, async ({ name }) => {
    await patch<Tenant>(path(tenant), { name: name.trim() })
    await onChanged()
    toast({ text: t('kit.saved') })
  })
  return (
    <form {...form.props} className="space-y-4">
      {form.problem && <Notice>{form.problem}</Notice>}
      <Field label={t('tenants.name')} hint={t('tenants.nameHint')} required maxLength={200} autoComplete="off" {...form.field('name')} />
      <FormEnd>
        <Button type="submit" look="primary" size="sm" busy={form.busy} disabled={!form.changed}>
          {t('tenants.rename')}
        </Button>
      </FormEnd>
    </form>
  )
}

function Ending({ tenant: x, onChanged }: { tenant: Tenant; onChanged: () => Promise<void> }) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const [asking, setAsking] = useState<'close' | 'shred' | null>(null)
  const end = async () => {
    await (asking === 'close' ? del(path(x)) : post(`${path(x)}/shred`, { confirm: x.slug }))
    setAsking(null)
    toast({ text: t(asking === 'close' ? 'tenants.wasClosed' : 'tenants.wasShredded', { name: x.name }) })
    await onChanged()
    if (asking === 'shred') await navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'tenants', id: undefined }, search: true })
  }
  return (
    <>
      {!x.deleted_at && (
        <PanelPart title={t('tenants.close')} text={t('tenants.closeText')}>
          <Button size="sm" className="text-danger!" onClick={() => setAsking('close')}>
            {t('tenants.close')}
          </Button>
        </PanelPart>
      )}
      <PanelPart title={t('tenants.shred')} text={t('tenants.shredText')}>
        <Button size="sm" look="danger" onClick={() => setAsking('shred')}>
          {t('tenants.shred')}
        </Button>
      </PanelPart>
      {asking && (
        <TypedConfirm
          title={t(asking === 'close' ? 'tenants.closeTitle' : 'tenants.shredTitle', { name: x.name })}
          description={t(asking === 'close' ? 'tenants.closeText' : 'tenants.shredText')}
          word={x.slug}
          confirm={t(asking === 'close' ? 'tenants.close' : 'tenants.shred')}
          onClose={() => setAsking(null)}
          onConfirm={end}
        />
      )}
    </>
  )
}
