import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { del } from '@/api/client'
import { errorText } from '@/api/errorText'
import { Button } from '@/kit/Button'
import { toast } from '@/kit/toasts'
import { PanelPart } from '../kit/Panel'
import { TypedConfirm } from '../kit/TypedConfirm'
import type { User } from '../types'
import { useChangeUser, userPath, useUsersChanged } from './data'

/** Disabling, which can be undone, and deleting, which cannot. */
export function UserDanger({ user }: { user: User }) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const change = useChangeUser()
  const changed = useUsersChanged()
  const [asking, setAsking] = useState(false)
  const name = user.name || user.email
  const disable = (disabled: boolean, undoable = true) => {
    change.mutate(
      { id: user.id, change: { disabled } },
      { onError: (err) => toast({ tone: 'danger', text: errorText(err) }) },
    )
    toast({
      text: t(disabled ? 'users.wasDisabled' : 'users.wasEnabled', { name }),
      action: undoable ? { label: t('kit.undo'), run: () => disable(!disabled, false) } : undefined,
    })
  }
  return (
    <PanelPart title={t('users.danger')} text={user.disabled ? t('users.enableText') : t('users.disableText')}>
      <div className="flex flex-wrap gap-2">
        <Button size="sm" onClick={() => disable(!user.disabled)}>
          {user.disabled ? t('users.enable') : t('users.disable')}
        </Button>
        <Button size="sm" className="text-danger!" onClick={() => setAsking(true)}>
          {t('users.delete')}
        </Button>
      </div>
      {asking && (
        <TypedConfirm
          title={t('users.deleteTitle', { name })}
          description={t('users.deleteText')}
          word={user.email}
          confirm={t('users.delete')}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await del(userPath(user.id))
            await navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'users', id: undefined }, search: true })
            toast({ text: t('users.deleted', { name }) })
            await changed()
          }}
        />
      )}
    </PanelPart>
  )
}
