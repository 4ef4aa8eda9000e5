import { Languages, Monitor, Moon, Sun, type LucideIcon } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { setTheme, useTheme, type Theme } from '@/app/theme'
import { languages, type Language } from '@/i18n/languages'
import { setLanguage } from '@/i18n/setup'
import { offered, useOffers } from './offers'
import { table, type Group, type Keys } from './table'

/** Something to choose in the palette. */
export interface Command {
  id: string
  group: Group
  name: string
  icon: LucideIcon
  keys?: Keys
  /** Further words by which it is found. */
  also?: string
  run: () => void
}

const themes: Record<Theme, LucideIcon> = { light: Sun, dark: Moon, system: Monitor }

/** What can be done now, in the order of the table. */
export function useCommands(): Command[] {
  const { t, i18n } = useTranslation()
  const theme = useTheme()
  useOffers()
  const out: Command[] = []
  for (const { id, group, icon, keys } of table) {
    const run = offered(id)
    // The palette itself is open.
    if (run && id !== 'palette') out.push({ id, group, icon, keys, name: t(`commands.name.${id}`), run })
  }
  for (const value of Object.keys(themes) as Theme[]) {
    if (value !== theme) out.push({ id: `theme-${value}`, group: 'look', icon: themes[value], name: t('commands.theme', { theme: t(`settings.${value}`) }), run: () => setTheme(value) })
  }
  for (const value of Object.keys(languages) as Language[]) {
    if (value !== i18n.language) {
      out.push({ id: `language-${value}`, group: 'look', icon: Languages, name: t('commands.language', { language: languages[value] }), also: 'language', run: () => void setLanguage(value, true) })
    }
  }
  return out
}
