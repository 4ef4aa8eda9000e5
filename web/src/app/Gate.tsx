import { useRouter } from '@tanstack/react-router'
import { useEffect, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Me } from '@/api/types'
import { hadSession, useMe } from '@/features/auth/session'
import { CommandCenter } from '@/features/commands/CommandCenter'
import { Button } from '@/kit/Button'
import { Splash } from '@/kit/Splash'
import { Tooltips } from '@/kit/Tooltip'

/** Lets in who is signed in, and sends everyone else to the door. */
export function Gate({ children }: { children: (me: Me) => ReactNode }) {
  const { t } = useTranslation()
  const me = useMe()
  if (me.data) {
    return (
      <>
        {children(me.data)}
        <CommandCenter me={me.data} />
        <Tooltips />
      </>
    )
  }
  if (me.data === null) return <ToSignIn />
  if (me.isError) {
    return (
      <main id="main" className="flex h-full flex-col items-center justify-center gap-4 p-6 text-center">
        <h1 className="text-xl font-semibold">{t('app.offlineTitle')}</h1>
        <p className="text-muted">{errorText(me.error)}</p>
        <Button onClick={() => void me.refetch()}>{t('app.retry')}</Button>
      </main>
    )
  }
  return <Splash />
}

// Goes once: while the sign-in page is being fetched this stays, under the new address already.
function ToSignIn() {
  const router = useRouter()
  useEffect(() => {
    const { href, search } = router.state.location
    const { auth_error } = search
    const next = href === '/' || auth_error ? undefined : href
    void router.navigate({ to: '/sign-in', search: { next, auth_error, expired: hadSession() || undefined }, replace: true })
  }, [router])
  return null
}
