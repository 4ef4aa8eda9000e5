import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { del } from '@/api/client'
import { errorText } from '@/api/errorText'
import type { Key, Me } from '@/api/types'
import { locale } from '@/i18n/setup'
import { AskFirst } from '@/kit/AskFirst'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { useKeys, useRefresh } from './data'
import { NewKey } from './NewKey'
import { Section } from './Section'
import { isPast, when } from './when'

export function Keys({ me }: { me: Me }) {
  const { t } = useTranslation()
  const keys = useKeys()
  const refresh = useRefresh()
  const [doomed, setDoomed] = useState<Key | null>(null)
  return (
    <Section title={t('settings.keys')} text={t('settings.keysText')}>
      <NewKey mayAdminister={me.user.role === 'admin' || me.user.role === 'owner'} />
      {keys.isPending && <Skeleton className="h-14" />}
      {keys.isError && <Notice>{errorText(keys.error)}</Notice>}
      {keys.data?.length === 0 && <p className="text-sm text-muted">{t('settings.noKeys')}</p>}
      <ul className="divide-y divide-line rounded-md border border-line empty:hidden">
        {keys.data?.map((k) => (
          <Row key={k.id} item={k} onRevoke={() => setDoomed(k)} />
        ))}
      </ul>
      {doomed && (
        <AskFirst
          title={t('settings.revokeTitle')}
          description={t('settings.revokeText', { name: doomed.name })}
          confirm={t('settings.revoke')}
          onClose={() => setDoomed(null)}
          work={async () => {
            await del(`/v1/keys/${encodeURIComponent(doomed.id)}`)
            await refresh.keys()
            toast({ text: t('settings.revoked') })
          }}
        />
      )}
    </Section>
  )
}

function Row({ item: k, onRevoke }: { item: Key; onRevoke: () => void }) {
  const { t, i18n } = useTranslation()
  const used = k.last_used_at ? t('settings.keyUsed', { when: when(k.last_used_at, locale(i18n.language)) }) : t('settings.keyUnused')
  const expires = k.expires_at
    ? isPast(k.expires_at)
      ? t('settings.keyExpired')
      : t('settings.keyExpires', { when: when(k.expires_at, locale(i18n.language)) })
    : ''
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-medium">
          {k.name} <code className="ps-1 font-mono text-xs font-normal text-muted">{k.prefix}…</code>
        </p>
        <p className="truncate text-xs text-muted">{[used, expires].filter(Boolean).join(' · ')}</p>
      </div>
      <Button size="sm" aria-label={t('settings.revokeOf', { name: k.name })} onClick={onRevoke}>
        {t('settings.revoke')}
      </Button>
    </li>
  )
}
