import { MessageSquare } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Conversation } from '@/api/types'
import { Kbd } from '@/kit/Kbd'
import { useKeyNames, useShortcutsOn } from './keys'
import type { Command } from './useCommands'

/** A command with the keys that do it too. */
export function CommandLine({ command: { icon: Icon, name, keys } }: { command: Command }) {
  const names = useKeyNames()
  const on = useShortcutsOn()
  return (
    <span className="flex items-center gap-3 text-sm">
      <Icon aria-hidden="true" className="size-4 shrink-0 text-muted" />
      <span className="min-w-0 flex-1 truncate">{name}</span>
      {keys && on && (
        <span className="pointer-coarse:hidden">
          <Kbd keys={names(keys)} />
        </span>
      )}
    </span>
  )
}

export function ChatLine({ chat }: { chat: Conversation }) {
  const { t } = useTranslation()
  return (
    <span className="flex items-center gap-3 text-sm">
      <MessageSquare aria-hidden="true" className="size-4 shrink-0 text-muted" />
      <span dir="auto" className="min-w-0 truncate">{chat.title || t('chat.untitled')}</span>
    </span>
  )
}
