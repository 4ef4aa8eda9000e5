import { useQueryClient } from '@tanstack/react-query'
import { lazyRouteComponent, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Conversation, Me } from '@/api/types'
import { useSessionChange } from '@/features/auth/session'
import { ChatPage } from '@/features/chat/ChatPage'
import { preloadMarkdown } from '@/features/chat/markdown/Answer'
import { executeAll, watchDoomed } from '@/features/conversations/doomed'
import { offered, useOffer } from '@/features/commands/offers'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { AccountMenu } from './AccountMenu'
import { Drawer } from './Drawer'
import { Gate } from './Gate'
import { quietly, sidebar as loadSidebar } from './pages'
import { useSidebarOpen, useWide } from './useSidebar'

const SettingsDialog = lazy(() => import('@/features/settings/SettingsDialog'))
const ShareDialog = lazy(() => import('@/features/sharing/ShareDialog').then((m) => ({ default: m.ShareDialog })))
const KnowledgeDialog = lazy(() => import('@/features/knowledge/KnowledgeDialog').then((m) => ({ default: m.KnowledgeDialog })))
const PromptsDialog = lazy(() => import('@/features/prompts/PromptsDialog').then((m) => ({ default: m.PromptsDialog })))

export const Sidebar = lazyRouteComponent(loadSidebar)

// An open chat is drawn with Markdown. All else waits until somebody begins to use the page.
if (location.pathname.startsWith('/c/')) preloadMarkdown()
const begin = () => {
  preloadMarkdown()
  Sidebar.preload?.()?.catch(quietly)
}
for (const sign of ['pointerdown', 'keydown']) addEventListener(sign, begin, { once: true, passive: true })

/** The chat, for who is signed in. */
export function Shell() {
  return <Gate>{(me) => <SignedIn key={me.user.id} me={me} />}</Gate>
}

function SignedIn({ me }: { me: Me }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { id: chat = '' } = useParams({ strict: false })
  const { m: focus, temporary, folder } = useSearch({ strict: false })
  const { signOut, end } = useSessionChange()
  const wide = useWide()
  const [pinned, setPinned] = useSidebarOpen()
  const [drawer, setDrawer] = useState(false)
  const [settings, setSettings] = useState(false)
  const [prompts, setPrompts] = useState(false)
  const [knowledge, setKnowledge] = useState(false)
  const [shared, setShared] = useState<Conversation | null>(null)
  const client = useQueryClient()
  useEffect(() => watchDoomed(client), [client])

  const leave = (message: string) => {
    toast({ text: message })
    // Away first: this page would take the end of the session for one that ran out.
    void navigate({ to: '/sign-in' }).then(end)
  }
  const goOut = () => {
    executeAll()
      .then(signOut)
      .then(
        () => leave(t('auth.signedOut')),
        (err: unknown) => toast({ tone: 'danger', text: errorText(err) }),
      )
  }
  useOffer('sidebar', () => (wide ? setPinned(!pinned) : setDrawer(!drawer)))
  useOffer('settings', () => setSettings(true))
  useOffer('prompts', () => setPrompts(true))
  useOffer('signOut', goOut)

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
        offered('palette')?.()
      }}
      footer={(showArchive) => (
        <AccountMenu
          me={me}
          onAdmin={() => void navigate({ to: '/admin/{-$page}/{-$id}' })}
          onArchive={showArchive}
          onPrompts={() => {
            setDrawer(false)
            setPrompts(true)
          }}
          onKnowledge={() => {
            setDrawer(false)
            setKnowledge(true)
          }}
          onSettings={() => {
            setDrawer(false)
            setSettings(true)
          }}
          onSignOut={goOut}
        />
      )}
    />
  )
  const open = wide ? (pinned ? undefined : () => setPinned(true)) : () => setDrawer(true)
  return (
    <div className="flex h-full">
      <a href="#main" className="absolute -top-20 start-3 z-50 rounded-sm bg-text px-3 py-2 text-sm text-canvas focus:top-3">
        {t('app.skip')}
      </a>
      {wide && pinned && (
        <div className="w-68 shrink-0 border-e border-line">
          <Suspense>{sidebar(false)}</Suspense>
        </div>
      )}
      {!wide && (
        <Drawer open={drawer} onClose={() => setDrawer(false)} label={t('list.label')}>
          <Suspense fallback={<Skeleton className="m-4 h-8" />}>{sidebar(true)}</Suspense>
        </Drawer>
      )}
      <ChatPage
        chat={chat}
        focus={focus}
        temporary={Boolean(temporary)}
        folder={folder}
        me={me}
        onOpenSidebar={open}
        onShare={setShared}
        onPrompts={() => setPrompts(true)}
        onKnowledge={() => setKnowledge(true)}
      />
      <Suspense>{shared && <ShareDialog key={shared.id} conversation={shared} onClose={() => setShared(null)} />}</Suspense>
      <Suspense>{prompts && <PromptsDialog me={me} onClose={() => setPrompts(false)} />}</Suspense>
      <Suspense>{knowledge && <KnowledgeDialog me={me} onClose={() => setKnowledge(false)} />}</Suspense>
      <Suspense>{settings && <SettingsDialog open onClose={() => setSettings(false)} me={me} onDeleted={() => leave(t('auth.signedOut'))} />}</Suspense>
    </div>
  )
}
