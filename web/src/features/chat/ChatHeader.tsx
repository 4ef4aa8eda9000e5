import { Link } from '@tanstack/react-router'
import { ChevronDown, PanelLeft, SquarePen } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Model } from '@/api/types'
import { IconButton } from '@/kit/IconButton'
import { Menu, MenuChoice, MenuLabel } from '@/kit/Menu'
import { Tooltip } from '@/kit/Tooltip'

interface Props {
  title: string
  models: Model[]
  model?: string
  onModel: (id: string) => void
  onOpenSidebar?: () => void
}

export function ChatHeader({ title, models, model, onModel, onOpenSidebar }: Props) {
  const { t } = useTranslation()
  return (
    <header className="flex h-13 shrink-0 items-center gap-2 px-3">
      {onOpenSidebar && <IconButton icon={PanelLeft} label={t('list.open')} onClick={onOpenSidebar} />}
      <h1 className="min-w-0 flex-1 truncate ps-1 text-base font-medium">{title || <span className="sr-only">{t('chat.newChat')}</span>}</h1>
      {models.length > 1 ? (
        <Menu
          className="max-w-80"
          trigger={
            <button
              type="button"
              aria-label={`${t('chat.chooseModel')}: ${model ?? ''}`}
              className="flex h-9 max-w-[45vw] items-center gap-1.5 rounded-sm px-2.5 text-sm text-muted transition-colors hover:bg-hover hover:text-text"
            >
              <span className="truncate">{model ?? t('chat.model')}</span>
              <ChevronDown aria-hidden="true" className="size-4 shrink-0" />
            </button>
          }
        >
          <MenuLabel>{t('chat.model')}</MenuLabel>
          <MenuChoice value={model ?? ''} onChange={onModel} options={models.map((m) => ({ value: m.id, label: m.id }))} />
        </Menu>
      ) : (
        model && <span className="truncate pe-2 text-sm text-muted max-sm:hidden">{model}</span>
      )}
      {onOpenSidebar && title && (
        <Tooltip text={t('chat.newChat')}>
          <Link to="/" aria-label={t('chat.newChat')} className="flex size-9 items-center justify-center rounded-sm text-muted transition-colors hover:bg-hover hover:text-text">
            <SquarePen aria-hidden="true" className="size-4.5" strokeWidth={1.9} />
          </Link>
        </Tooltip>
      )}
    </header>
  )
}
