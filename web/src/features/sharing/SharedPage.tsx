import { Link, useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { ApiError } from '@/api/client'
import { errorText } from '@/api/errorText'
import { Bubble } from '@/features/chat/Bubble'
import { Answer, preloadMarkdown } from '@/features/chat/markdown/Answer'
import { locale } from '@/i18n/setup'
import { Button } from '@/kit/Button'
import { Logo } from '@/kit/Logo'
import { Skeleton } from '@/kit/Skeleton'
import { Tooltips } from '@/kit/Tooltip'
import { useShared } from './data'

preloadMarkdown()

/** A chat that somebody shared: to read, and nothing else. */
export function SharedPage() {
  return (
    <>
      <Shared />
      <Tooltips />
    </>
  )
}

function Shared() {
  const { t, i18n } = useTranslation()
  const { token = '' } = useParams({ strict: false })
  const shared = useShared(token)
  const chat = shared.data
  useEffect(() => {
    document.title = chat ? `${chat.title} · Parley` : 'Parley'
  }, [chat])
  const day = (time: string) => new Date(time).toLocaleDateString(locale(i18n.language), { dateStyle: 'long' })
  return (
    <div className="h-full overflow-y-auto">
      <header className="sticky top-0 z-10 flex h-13 items-center gap-2 border-b border-line bg-canvas px-4">
        <Link to="/" aria-label={t('share.toParley')} className="flex items-center gap-2 rounded-sm">
          <Logo className="size-6" />
          <span className="text-base font-semibold tracking-tight">{t('app.name')}</span>
        </Link>
      </header>
      <main id="main" className="mx-auto max-w-read px-4 pb-16 sm:px-6">
        {shared.isPending ? (
          <div role="status" className="space-y-4 pt-10">
            <span className="sr-only">{t('app.loading')}</span>
            <Skeleton className="h-7 w-2/3" />
            <Skeleton className="h-4 w-1/3" />
            <Skeleton className="h-24" />
          </div>
        ) : !chat ? (
          <Missing error={shared.error} retry={() => void shared.refetch()} />
        ) : (
          <>
            <h1 dir="auto" className="w-fit pt-10 text-2xl font-semibold tracking-tight text-balance">{chat.title || t('chat.untitled')}</h1>
            <p className="mt-1.5 border-b border-line pb-6 text-sm text-muted">
              {t('share.by', { name: chat.shared_by, tenant: chat.tenant, date: day(chat.created_at) })} {t('share.until', { date: day(chat.expires_at) })}
            </p>
            <div role="region" aria-label={t('chat.conversation')} className="space-y-7 pt-8">
              {chat.messages.map((m, i) => (
                <article key={i} className={m.role === 'user' ? 'flex flex-col items-end' : undefined}>
                  {m.role === 'user' ? (
                    <Bubble text={m.text} />
                  ) : (
                    <>
                      <h2 className="sr-only">{t('chat.parley')}</h2>
                      <Answer text={m.text} />
                      {m.model && <p className="mt-2 text-xs text-muted">{m.model}</p>}
                    </>
                  )}
                </article>
              ))}
            </div>
            <p className="mt-12 border-t border-line pt-4 text-center text-xs text-muted">{t('share.foot')}</p>
          </>
        )}
      </main>
    </div>
  )
}

function Missing({ error, retry }: { error: Error | null; retry: () => void }) {
  const { t } = useTranslation()
  const gone = error instanceof ApiError && (error.status === 404 || error.status === 401)
  return (
    <div className="flex flex-col items-center gap-2 pt-24 text-center">
      <h1 className="text-xl font-semibold">{gone ? t('share.goneTitle') : t('app.offlineTitle')}</h1>
      <p className="max-w-md text-balance text-muted">{gone ? t('share.goneText') : errorText(error)}</p>
      {gone ? (
        <Link to="/sign-in" search={{ next: location.pathname }} className="mt-3 text-accent underline underline-offset-4">
          {t('auth.title')}
        </Link>
      ) : (
        <Button className="mt-3" onClick={retry}>
          {t('app.retry')}
        </Button>
      )}
    </div>
  )
}
