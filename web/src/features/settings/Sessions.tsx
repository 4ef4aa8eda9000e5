import { useTranslation } from '@/i18n/useTranslation'
import { del } from '@/api/client'
import { errorText } from '@/api/errorText'
import { locale } from '@/i18n/setup'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { useRefresh, useSessions } from './data'
import { deviceName } from './device'
import { Section } from './Section'
import { useAction } from '@/kit/useAction'
import { when } from './when'

export function Sessions() {
  const { t, i18n } = useTranslation()
  const sessions = useSessions()
  const refresh = useRefresh()
  const { busy, problem, run } = useAction()
  const end = (id: string) =>
    run(async () => {
      await del(`/v1/me/sessions/${encodeURIComponent(id)}`)
      await refresh.sessions()
      toast({ text: t('settings.sessionEnded') })
    })
  const fault = problem ?? (sessions.isError ? errorText(sessions.error) : null)
  return (
    <Section title={t('settings.sessions')} text={t('settings.sessionsText')}>
      {fault && <Notice>{fault}</Notice>}
      {sessions.isPending && <Skeleton className="h-14" />}
      <ul className="divide-y divide-line rounded-md border border-line empty:hidden">
        {sessions.data?.map((s) => {
          const name = deviceName(s.user_agent)
          return (
            <li key={s.id} className="flex items-center gap-3 px-4 py-3">
              <div className="min-w-0 flex-1">
                <p className="truncate text-sm font-medium">{name}</p>
                <p className="truncate text-xs text-muted">
                  {s.current ? <span className="text-accent">{t('settings.thisSession')}</span> : t('settings.lastSeen', { when: when(s.last_seen_at, locale(i18n.language)) })}
                  {s.ip && ` · ${s.ip}`}
                </p>
              </div>
              {!s.current && (
                <Button size="sm" busy={busy} aria-label={t('settings.endSessionOf', { name })} onClick={() => void end(s.id)}>
                  {t('settings.endSession')}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
