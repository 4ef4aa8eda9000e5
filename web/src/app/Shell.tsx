import { useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { errorText } from '@/api/errorText'
import type { Conversation, Me } from '@/api/types'
import { hadSession, useMe, useSessionChange } from '@/features/auth/session'
import { ChatPage } from '@/features/chat/ChatPage'
import { composerId } from '@/features/chat/Composer'
import { preloadMarkdown } from '@/features/chat/markdown/Answer'
import { executeAll, watchDoomed } from '@/features/conversations/doomed'
import { SearchDialog } from '@/features/conversations/SearchDialog'
import { Sidebar } from '@/features/conversations/Sidebar'
import { Button } from '@/kit/Button'
import { Spinner } from '@/kit/Spinner'
import { toast } from '@/kit/toasts'
import { AccountMenu } from './AccountMenu'
import { Drawer } from './Drawer'
import { useShortcuts } from './useShortcuts'
import { useSidebarOpen, useWide } from './useSidebar'

const SettingsDialog = lazy(() => import('@/features/settings/SettingsDialog'))
const ShareDialog = lazy(() => import('@/features/sharing/ShareDialog').then((m) => ({ default: m.ShareDialog })))
const PromptsDialog = lazy(() => import('@/features/prompts/PromptsDialog').then((m) => ({ default: m.PromptsDialog })))

// On its way beside the first answers of the server, since most visits need it.
preloadMarkdown()

/** Lets in who is signed in, and sends everyone else to the door. */
export function Shell() {
  const { t } = useTranslation()
  const me = useMe()
  if (me.data) return <SignedIn key={me.data.user.id} me={me.data} />
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
  return (
    <div role="status" className="flex h-full items-center justify-center text-muted">
      <span className="sr-only">{t('app.loading')}</span>
      <Spinner className="size-6" />
    </div>
  )
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

function SignedIn({ me }: { me: Me }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { id: chat = '' } = useParams({ strict: false })
  const { m: focus, temporary = false, folder } = useSearch({ strict: false })
  const { signOut, end } = useSessionChange()
  const wide = useWide()
  const [pinned, setPinned] = useSidebarOpen()
  const [drawer, setDrawer] = useState(false)
  const [searching, setSearching] = useState(false)
  const [settings, setSettings] = useState(false)
  const [prompts, setPrompts] = useState(false)
  const [shared, setShared] = useState<Conversation | null>(null)
  useEffect(watchDoomed, [])

  const leave = (message: string) => {
    toast({ text: message })
    // Away first: this page would take the end of the session for one that ran out.
    void navigate({ to: '/sign-in' }).then(end)
  }
  useShortcuts({
    newChat: () => {
      void navigate({ to: '/' })
      document.getElementById(composerId)?.focus()
    },
    search: () => setSearching(true),
    sidebar: () => (wide ? setPinned(!pinned) : setDrawer(!drawer)),
    composer: () => document.getElementById(composerId)?.focus(),
  })

  const sidebar = (inDrawer: boolean) => (
    <Sidebar
      chat={chat}
      drawer={inDrawer}
      onClose={() => (inDrawer ? setDrawer(false) : setPinned(false))}
      onShare={(c) => {
        setDrawer(false)
        setShared(c)
      }}
      onSearch={() => {
        setDrawer(false)
        setSearching(true)
      }}
      footer={(showArchive) => (
        <AccountMenu
          me={me}
          onArchive={showArchive}
          onPrompts={() => {
            setDrawer(false)
            setPrompts(true)
          }}
          onSettings={() => {
            setDrawer(false)
            setSettings(true)
          }}
          onSignOut={() => {
            executeAll()
              .then(signOut)
              .then(
              () => leave(t('auth.signedOut')),
              (err: unknown) => toast({ tone: 'danger', text: errorText(err) }),
            )
          }}
        />
      )}
    />
  )
  const open = wide ? (pinned ? undefined : () => setPinned(true)) : () => setDrawer(true)
  return (
    <div className="flex h-full">
      <a href="#main" className="absolute -top-20 left-3 z-50 rounded-sm bg-text px-3 py-2 text-sm text-canvas focus:top-3">
        {t('app.skip')}
      </a>
      {wide && pinned && <div className="w-68 shrink-0 border-e border-line">{sidebar(false)}</div>}
      {!wide && (
        <Drawer open={drawer} onClose={() => setDrawer(false)} label={t('list.label')}>
          {sidebar(true)}
        </Drawer>
      )}
      <ChatPage
        chat={chat}
        focus={focus}
        temporary={temporary}
        folder={folder}
        me={me}
        onOpenSidebar={open}
        onShare={setShared}
        onPrompts={() => setPrompts(true)}
      />
      <SearchDialog open={searching} onClose={() => setSearching(false)} />
      <Suspense>{shared && <ShareDialog key={shared.id} conversation={shared} onClose={() => setShared(null)} />}</Suspense>
      <Suspense>{prompts && <PromptsDialog me={me} onClose={() => setPrompts(false)} />}</Suspense>
      <Suspense>{settings && <SettingsDialog open onClose={() => setSettings(false)} me={me} onDeleted={() => leave(t('auth.signedOut'))} />}</Suspense>
    </div>
  )
}
