import { Link, useParams } from '@tanstack/react-router'
import { PanelLeft } from 'lucide-react'
import { Suspense, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Me } from '@/api/types'
import { Drawer } from '@/app/Drawer'
import { useWide } from '@/app/useSidebar'
import { isAdmin } from '@/features/auth/session'
import { IconButton } from '@/kit/IconButton'
import { Nav } from './Nav'
import { findPage } from './pages'

/** The administration: its navigation, and the page that the address names. */
export function AdminPage({ me }: { me: Me }) {
  const { t } = useTranslation('admin')
  const { page, id } = useParams({ from: '/admin/{-$page}/{-$id}' })
  const wide = useWide()
  const [drawer, setDrawer] = useState(false)
  if (!isAdmin(me)) return <Refused title={t('refused.title')} text={t('refused.member')} />

  const found = findPage(page)
  return (
    <div className="flex h-full flex-col">
      <a href="#main" className="absolute -top-20 start-3 z-50 rounded-sm bg-text px-3 py-2 text-sm text-canvas focus:top-3">
        {t('kit.skip')}
      </a>
      <div className="flex min-h-0 flex-1">
        {wide && (
          <div className="w-56 shrink-0 border-e border-line">
            <Nav me={me} current={found?.path} />
          </div>
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          {!wide && (
            <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-2">
              <IconButton icon={PanelLeft} label={t('nav.menu')} onClick={() => setDrawer(true)} className="rtl:-scale-x-100" />
              <span className="truncate text-sm font-medium">{t('nav.title')}</span>
            </header>
          )}
          {!found && <Refused title={t('refused.missing')} text={t('refused.missingText')} />}
          {found && !found.may(me) && <Refused title={t('refused.title')} text={t('refused.host')} />}
          {found?.may(me) && (
            // A page of its own for each address, so that nothing typed on one is left on the other.
            <Suspense key={found.path} fallback={<div className="flex-1" />}>
              <found.Page me={me} id={id} />
            </Suspense>
          )}
        </div>
      </div>
      {!wide && (
        <Drawer open={drawer} onClose={() => setDrawer(false)} label={t('nav.title')}>
          <Nav me={me} current={found?.path} onChosen={() => setDrawer(false)} />
        </Drawer>
      )}
    </div>
  )
}

function Refused({ title, text }: { title: string; text: string }) {
  const { t } = useTranslation('admin')
  return (
    <main id="main" className="flex h-full flex-col items-center justify-center p-6 text-center">
      <h1 className="text-xl font-semibold">{title}</h1>
      <p className="mt-1.5 max-w-md text-balance text-muted">{text}</p>
      <Link to="/" className="mt-4 text-accent underline underline-offset-4">
        {t('nav.back')}
      </Link>
    </main>
  )
}
