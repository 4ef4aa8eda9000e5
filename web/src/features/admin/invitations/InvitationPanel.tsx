import type { UseQueryResult } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { useAction } from '@/kit/useAction'
import { Button } from '@/kit/Button'
import { ConfirmDialog } from '@/kit/Dialog'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { Badge } from '../kit/Badge'
import { Facts } from '../kit/Facts'
import { useFormat } from '../kit/format'
import { Panel, PanelPart, PanelSkeleton } from '../kit/Panel'
import type { Invitation, NewInvitation } from '../types'
import { tones, useInviting } from './data'
import { InvitationLink } from './InvitationLink'

/** One invitation: what it gives, and how it is taken back or its link replaced. */
export function InvitationPanel({ id, query }: { id: string; query: UseQueryResult<Invitation[]> }) {
  const { t } = useTranslation('admin')
  const { dateTime } = useFormat()
  const navigate = useNavigate()
  // A new link is a new invitation. The address names it once the link was passed on.
  const [made, setMade] = useState<NewInvitation | null>(null)
  const i = made ?? query.data?.find((other) => other.id === id)
  return (
    <Panel page="invitations" row={id} title={i?.email ?? t('invitations.one')} subtitle={i && <Badge tone={tones[i.state]}>{t(`invitations.states.${i.state}`)}</Badge>}>
      {!i && (query.isPending ? <PanelSkeleton /> : <p className="text-sm text-muted">{t('invitations.gone')}</p>)}
      {i && (
        <Facts
          items={[
            [t('invitations.name'), i.name],
            [t('invitations.role'), t(`roles.${i.role}`)],
            [t('invitations.groups'), i.groups.join(', ')],
            [t('invitations.by'), i.invited_by],
            [t('invitations.created'), dateTime(i.created_at)],
            [t('invitations.accepted'), i.accepted_at && dateTime(i.accepted_at)],
            [t('invitations.expires'), i.state !== 'accepted' && dateTime(i.expires_at)],
          ]}
        />
      )}
      {made && <InvitationLink made={made} onDone={() => void navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'invitations', id: made.id }, search: true, replace: true })} />}
      {i && !made && i.state !== 'accepted' && <Again invitation={i} onMade={setMade} />}
      {i && !made && <Revoke invitation={i} />}
    </Panel>
  )
}

function Again({ invitation, onMade }: { invitation: Invitation; onMade: (made: NewInvitation) => void }) {
  const { t } = useTranslation('admin')
  const { again } = useInviting()
  const { busy, problem, run } = useAction()
  const make = () => run(async () => onMade(await again(invitation)))
  return (
    <PanelPart title={t('invitations.again')} text={t('invitations.lost')}>
      {problem && <Notice>{problem}</Notice>}
      <Button size="sm" busy={busy} onClick={() => void make()}>
        {t('invitations.again')}
      </Button>
    </PanelPart>
  )
}

function Revoke({ invitation: i }: { invitation: Invitation }) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const { remove } = useInviting()
  const [asking, setAsking] = useState(false)
  const { busy, problem, run, clear } = useAction()
  const open = i.state === 'pending'
  const revoke = () =>
    run(async () => {
      await remove(i.id)
      await navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'invitations', id: undefined }, search: true })
      toast({ text: t(open ? 'invitations.revoked' : 'invitations.forgotten') })
    })
  return (
    <PanelPart title={open ? t('invitations.revoke') : t('invitations.forget')} text={open ? t('invitations.revokeText', { email: i.email }) : t('invitations.forgetText')}>
      {problem && !asking && <Notice>{problem}</Notice>}
      <Button size="sm" className={open ? 'text-danger!' : undefined} busy={busy} onClick={() => (open ? setAsking(true) : void revoke())}>
        {open ? t('invitations.revoke') : t('invitations.forget')}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => {
          setAsking(false)
          clear()
        }}
        onConfirm={() => void revoke()}
        busy={busy}
        title={t('invitations.revokeTitle')}
        description={t('invitations.revokeText', { email: i.email })}
        confirm={t('invitations.revoke')}
      >
        {problem && <Notice>{problem}</Notice>}
      </ConfirmDialog>
    </PanelPart>
  )
}
