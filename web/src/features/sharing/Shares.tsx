import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Share } from '@/api/types'
import { Section } from '@/features/settings/Section'
import { when } from '@/features/settings/when'
import { locale } from '@/i18n/setup'
import { AskFirst } from '@/kit/AskFirst'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { useShareChanges, useShares } from './data'

/** The reader's own shares, to revoke. */
export function Shares() {
  const { t, i18n } = useTranslation()
  const shares = useShares()
  const { revoke } = useShareChanges()
  const [doomed, setDoomed] = useState<Share | null>(null)
  const language = locale(i18n.language)
  return (
    <Section title={t('share.mine')} text={t('share.mineText')}>
      {shares.isPending && <Skeleton className="h-14" />}
      {shares.isError && <Notice>{errorText(shares.error)}</Notice>}
      {shares.data?.data.length === 0 && <p className="text-sm text-muted">{t('share.none')}</p>}
      <ul className="divide-y divide-line rounded-md border border-line empty:hidden">
        {shares.data?.data.map((s) => (
          <li key={s.id} className="flex items-center gap-3 px-4 py-3">
            <div className="min-w-0 flex-1">
              <p className="truncate text-sm font-medium">{s.title || t('chat.untitled')}</p>
              <p className="truncate text-xs text-muted">
                {[s.audience === 'tenant' ? t('share.tenant') : t('share.link'), t('share.created', { when: when(s.created_at, language) }), t('settings.keyExpires', { when: when(s.expires_at, language) })].join(' · ')}
              </p>
            </div>
            <Button size="sm" aria-label={t('settings.revokeOf', { name: s.title })} onClick={() => setDoomed(s)}>
              {t('settings.revoke')}
            </Button>
          </li>
        ))}
      </ul>
      {doomed && (
        <AskFirst
          title={t('share.revokeTitle')}
          description={t('share.revokeText', { title: doomed.title || t('chat.untitled') })}
          confirm={t('settings.revoke')}
          onClose={() => setDoomed(null)}
          work={async () => {
            await revoke(doomed.id)
            toast({ text: t('share.revoked') })
          }}
        />
      )}
    </Section>
  )
}
