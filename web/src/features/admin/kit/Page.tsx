import clsx from 'clsx'
import { useEffect, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { announce } from '@/kit/announce'

interface Props {
  title: string
  lead?: string
  actions?: ReactNode
  /** Beside the page, or over it where it is narrow. */
  panel?: ReactNode
  children: ReactNode
}

/** The frame of each page: title, what can be done here, content, and the panel of a detail. */
export function Page({ title, lead, actions, panel, children }: Props) {
  const { t } = useTranslation('admin')
  useEffect(() => {
    document.title = `${title} · ${t('nav.title')} · Parley`
    announce(title)
  }, [title, t])
  return (
    <div className="relative flex min-h-0 min-w-0 flex-1">
      {/* Invisible under a panel that covers it, so that it keeps its place but nothing of it is reached. */}
      <main id="main" className={clsx('@container min-w-0 flex-1 overflow-y-auto', panel && 'max-xl:invisible')}>
        <div className="mx-auto max-w-6xl px-4 pt-5 pb-12 sm:px-7">
          <header className="mb-5 flex flex-wrap items-start gap-x-6 gap-y-3">
            <div className="min-w-0 flex-1 basis-64">
              <h1 className="text-xl font-semibold">{title}</h1>
              {lead && <p className="mt-0.5 max-w-2xl text-sm text-muted">{lead}</p>}
            </div>
            {actions && <div className="flex gap-2">{actions}</div>}
          </header>
          {children}
        </div>
      </main>
      {panel}
    </div>
  )
}
