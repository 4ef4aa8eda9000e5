import { Archive, BookText, ChevronsUpDown, Library, LogOut, Settings, ShieldCheck } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Me } from '@/api/types'
import { isAdmin } from '@/features/auth/session'
import { Menu, MenuItem, MenuLine } from '@/kit/Menu'

interface Props {
  me: Me
  onSettings: () => void
  onArchive: () => void
  onPrompts: () => void
  onKnowledge: () => void
  onAdmin: () => void
  onSignOut: () => void
}

export function AccountMenu({ me, onSettings, onArchive, onPrompts, onKnowledge, onAdmin, onSignOut }: Props) {
  const { t } = useTranslation()
  const name = me.user.name || me.user.email
  return (
    <Menu
      side="top"
      align="start"
      className="w-60"
      trigger={
        <button
          type="button"
          className="flex w-full items-center gap-3 rounded-sm p-1.5 text-start transition-colors hover:bg-hover active:bg-press aria-expanded:bg-hover"
        >
          <span aria-hidden="true" className="flex size-8 shrink-0 items-center justify-center rounded-full bg-accent-soft text-sm font-semibold text-accent">
            {initials(name)}
          </span>
          <span className="sr-only">{t('settings.account')}:</span>
          <span className="min-w-0 flex-1">
            <span className="block truncate text-sm font-medium">{name}</span>
            <span className="block truncate text-xs text-muted">{me.tenant.name}</span>
          </span>
          <ChevronsUpDown aria-hidden="true" className="size-4 shrink-0 text-muted" />
        </button>
      }
    >
      <MenuItem icon={Settings} onSelect={onSettings}>
        {t('settings.title')}
      </MenuItem>
      <MenuItem icon={Library} onSelect={onKnowledge}>
        {t('knowledge.title')}
      </MenuItem>
      <MenuItem icon={BookText} onSelect={onPrompts}>
        {t('prompts.title')}
      </MenuItem>
      <MenuItem icon={Archive} onSelect={onArchive}>
        {t('list.archived')}
      </MenuItem>
      {isAdmin(me) && (
        <MenuItem icon={ShieldCheck} onSelect={onAdmin}>
          {t('app.admin')}
        </MenuItem>
      )}
      <MenuLine />
      <MenuItem icon={LogOut} onSelect={onSignOut}>
        {t('auth.signOut')}
      </MenuItem>
    </Menu>
  )
}

function initials(name: string): string {
  const words = name.trim().split(/[\s@]+/)
  const first = [...(words[0] ?? '')][0] ?? '?'
  const last = words.length > 1 && !name.includes('@') ? ([...(words.at(-1) ?? '')][0] ?? '') : ''
  return (first + last).toUpperCase()
}
