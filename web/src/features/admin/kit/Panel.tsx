import { useNavigate } from '@tanstack/react-router'
import { ArrowLeft, X } from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { IconButton } from '@/kit/IconButton'
import { Skeleton } from '@/kit/Skeleton'
import { withoutNew } from './list'

interface Props {
  page: string
  /** The row that the panel belongs to, where the focus goes back to. */
  row?: string
  title: string
  subtitle?: ReactNode
  children: ReactNode
}

/** The place of details and forms: beside the list where there is room, else over it. It has an address of its own. */
export function Panel({ page, row, title, subtitle, children }: Props) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus()
    return () => backTo(row)
  }, [row])
  const close = () =>
    void navigate({ to: '/admin/{-$page}/{-$id}', params: { page, id: undefined }, search: withoutNew })
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape is a shortcut of the button in it
    <aside
      aria-label={title}
      onKeyDown={(e) => {
        // A dialog opened from here is not inside here, though its keys arrive here.
        if (e.key === 'Escape' && !e.defaultPrevented && e.currentTarget.contains(e.target as Node)) close()
      }}
      className="z-10 flex w-[27rem] shrink-0 animate-fade flex-col border-s border-line bg-raised max-xl:absolute max-xl:inset-0 max-xl:w-auto max-xl:border-0"
    >
      <header className="flex shrink-0 items-start gap-2 px-5 pt-4 pb-3">
        <IconButton icon={ArrowLeft} label={t('kit.back')} onClick={close} className="-ms-2 xl:hidden rtl:-scale-x-100" />
        <div className="min-w-0 flex-1 pt-1">
          <h2 ref={heading} tabIndex={-1} className="text-lg font-semibold wrap-anywhere outline-none">
            {title}
          </h2>
          {subtitle && <div className="text-sm wrap-anywhere text-muted">{subtitle}</div>}
        </div>
        <IconButton icon={X} label={t('kit.close')} onClick={close} className="-me-2 max-xl:hidden" />
      </header>
      <div className="min-h-0 w-full max-w-2xl flex-1 space-y-7 overflow-y-auto px-5 pt-1 pb-8">{children}</div>
    </aside>
  )
}

// The panel took the focus from its row; without it the focus would be nowhere.
function backTo(row: string | undefined) {
  requestAnimationFrame(() => {
    if (!document.activeElement || document.activeElement === document.body) document.querySelector<HTMLElement>(row ? `[data-row="${CSS.escape(row)}"]` : '[data-new]')?.focus()
  })
}

/** A titled part of a panel. */
export function PanelPart({ title, text, children }: { title: string; text?: string; children?: ReactNode }) {
  return (
    <section className="space-y-3 border-t border-line pt-5">
      <div>
        <h3 className="text-sm font-semibold">{title}</h3>
        {text && <p className="mt-0.5 text-sm text-muted">{text}</p>}
      </div>
      {children}
    </section>
  )
}

export function PanelSkeleton() {
  const { t } = useTranslation('admin')
  return (
    <div role="status" className="space-y-4">
      <span className="sr-only">{t('kit.loading')}</span>
      <Skeleton className="h-10" />
      <Skeleton className="h-10" />
      <Skeleton className="h-24" />
    </div>
  )
}
