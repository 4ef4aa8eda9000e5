import { X } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Me } from '@/api/types'
import { CopyButton } from '@/kit/CopyButton'
import { IconButton } from '@/kit/IconButton'
import { Notice } from '@/kit/Notice'
import { useStatus } from './data'

interface Props {
  me: Me
  problem: string | null
  onDismiss: () => void
}

/** What stands in the way of asking, above the composer. */
export function StatusBanner({ me, problem, onDismiss }: Props) {
  const { t } = useTranslation()
  const chat = useStatus().data?.chat
  if (chat && !chat.ready) {
    return (
      <Notice tone="warn" className="mb-3">
        <p className="font-medium">{t('chat.noModel')}</p>
        {chat.fix && (
          <>
            <p className="mt-0.5">{t('chat.noModelFix')}</p>
            <div className="mt-2 flex items-center justify-between gap-2 rounded-sm bg-raised py-0.5 ps-3 pe-1 text-text">
              <code className="overflow-x-auto font-mono whitespace-nowrap">{chat.fix}</code>
              <CopyButton text={chat.fix} />
            </div>
          </>
        )}
      </Notice>
    )
  }
  if (me.user.role === 'viewer') {
    return (
      <Notice tone="warn" className="mb-3">
        {t('chat.viewer')}
      </Notice>
    )
  }
  if (!problem) return null
  return (
    <Notice className="mb-3" action={<IconButton icon={X} size="sm" label={t('kit.dismiss')} onClick={onDismiss} className="-my-1 text-current" />}>
      {problem}
    </Notice>
  )
}
