import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import { Ellipsis, MessageCircleDashed, PanelLeft, Share2, SquarePen } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Conversation, Model } from '@/api/types'
import { useKeysOf } from '@/features/commands/keys'
import { ExportMenu } from '@/features/conversations/ConversationRow'
import { IconButton } from '@/kit/IconButton'
import { Menu, MenuItem } from '@/kit/Menu'
import { tip } from '@/kit/Tooltip'
import { ModelPicker } from './ModelPicker'

interface Props {
  /** Undefined for a new chat. */
  conversation?: Conversation
  title: string
  models: Model[]
  model?: string
  beside?: string
  temporary: boolean
  onModel: (id: string) => void
  onBeside: (id: string | undefined) => void
  /** Absent where the kind of a chat cannot be changed any more. */
  onTemporary?: () => void
  onShare: (c: Conversation) => void
  onOpenSidebar?: () => void
}

export function ChatHeader({ conversation, title, models, model, beside, temporary, onModel, onBeside, onTemporary, onShare, onOpenSidebar }: Props) {
  const { t } = useTranslation()
  const sidebarKeys = useKeysOf('sidebar')
  const newKeys = useKeysOf('newChat')
  return (
    <header className="flex h-13 shrink-0 items-center gap-1 px-3">
      {onOpenSidebar && <IconButton icon={PanelLeft} label={t('list.open')} keys={sidebarKeys} onClick={onOpenSidebar} className="rtl:-scale-x-100" />}
      <h1 className="min-w-0 flex-1 ps-1 text-base font-medium">
        {title ? (
          <span dir="auto" className="block w-fit max-w-full truncate">
            {title}
          </span>
        ) : (
          <span className="sr-only">{t('chat.newChat')}</span>
        )}
      </h1>
      {temporary && (
        <span className="flex h-7 shrink-0 items-center gap-1.5 rounded-full border border-dashed border-edge px-2.5 text-xs font-medium text-muted max-sm:hidden">
          <MessageCircleDashed aria-hidden="true" className="size-3.5" />
          {t('temporary.label')}
        </span>
      )}
      {models.length > 1 ? (
        <ModelPicker models={models} model={model} beside={beside} onModel={onModel} onBeside={onBeside} />
      ) : (
        model && <span className="truncate pe-2 text-sm text-muted max-sm:hidden">{model}</span>
      )}
      {onTemporary && (
        <IconButton
          icon={MessageCircleDashed}
          label={temporary ? t('temporary.off') : t('temporary.on')}
          aria-pressed={temporary}
          onClick={onTemporary}
          className={clsx(temporary && 'bg-accent-soft !text-accent')}
        />
      )}
      {conversation && (
        <>
          {!temporary && <IconButton icon={Share2} label={t('list.share')} onClick={() => onShare(conversation)} className="max-sm:hidden" />}
          <Menu trigger={<IconButton icon={Ellipsis} label={t('actions.chatMenu')} />}>
            {!temporary && (
              <MenuItem icon={Share2} onSelect={() => onShare(conversation)}>
                {t('list.share')}
              </MenuItem>
            )}
            <ExportMenu id={conversation.id} />
          </Menu>
        </>
      )}
      {onOpenSidebar && title && (
        <Link
          to="/"
          aria-label={t('chat.newChat')}
          {...tip(t('chat.newChat'), newKeys)}
          className="flex size-9 shrink-0 items-center justify-center rounded-sm text-muted transition-colors hover:bg-hover hover:text-text"
        >
          <SquarePen aria-hidden="true" className="size-4.5" strokeWidth={1.9} />
        </Link>
      )}
    </header>
  )
}
