import { useTranslation } from '@/i18n/useTranslation'
import { useFormat } from '../kit/format'
import { Once } from '../kit/Once'
import type { NewInvitation } from '../types'

/** The link of a new invitation, which is not told again. */
export function InvitationLink({ made, onDone }: { made: NewInvitation; onDone: () => void }) {
  const { t } = useTranslation('admin')
  const { dateTime } = useFormat()
  return (
    <Once
      title={t('invitations.made')}
      text={t('invitations.madeText', { email: made.email, when: dateTime(made.expires_at) })}
      secret={new URL(made.link_path, location.origin).href}
      copy={t('invitations.copy')}
      onDone={onDone}
    />
  )
}
