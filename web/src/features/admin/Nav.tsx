import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import { ArrowLeft } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Me } from '@/api/types'
import { Logo } from '@/kit/Logo'
import { sectionsFor } from './pages'

interface Props {
  me: Me
  /** The page that is open. */
  current?: string
  /** Called when something was chosen, to close the drawer. */
  onChosen?: () => void
}

/** The pages of the administration that the reader may see. */
export function Nav({ me, current, onChosen }: Props) {
  const { t } = useTranslation('admin')
  return (
    <nav aria-label={t('nav.title')} className="flex h-full flex-col overflow-y-auto bg-side px-2.5 pb-4">
      <div className="flex h-13 shrink-0 items-center gap-2.5 px-1.5">
        <Logo className="size-6" />
        <div className="min-w-0 leading-tight">
          <p className="truncate text-sm font-semibold">{t('nav.title')}</p>
          <p className="truncate text-xs text-muted">{me.tenant.name}</p>
        </div>
      </div>
      <Link to="/" onClick={onChosen} className={clsx(item, 'mb-1 text-muted')}>
        <ArrowLeft aria-hidden="true" className="size-4 rtl:-scale-x-100" />
        {t('nav.back')}
      </Link>
      {sectionsFor(me).map((section, i) => (
        <div key={section.title ?? i} className="pt-3">
          {section.title && <h2 className="px-2.5 pb-1 text-xs font-medium text-muted">{t(`nav.sections.${section.title}`)}</h2>}
          <ul className="space-y-0.5">
            {section.pages.map((p) => (
              <li key={p.path}>
                <Link
                  to="/admin/{-$page}/{-$id}"
                  params={{ page: p.path, id: undefined }}
                  search={{}}
                  aria-current={p.path === current ? 'page' : undefined}
                  onClick={onChosen}
                  className={clsx(item, p.path === current && 'bg-press font-medium')}
                >
                  <p.icon aria-hidden="true" className={clsx('size-4', p.path === current ? 'text-accent' : 'text-muted')} />
                  {t(`nav.${p.title}`)}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}

const item = 'flex h-8 w-full items-center gap-2.5 rounded-sm px-2.5 text-sm transition-colors hover:bg-hover active:bg-press pointer-coarse:h-11'
