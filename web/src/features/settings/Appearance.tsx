import { Contrast, Monitor, Moon, Sun } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { setContrast, useContrast } from '@/app/contrast'
import { setTheme, useTheme } from '@/app/theme'
import { ShortcutSwitch } from '@/features/commands/ShortcutSwitch'
import { languages, type Language } from '@/i18n/languages'
import { setLanguage } from '@/i18n/setup'
import { Segmented } from '@/kit/Segmented'
import { Section } from './Section'

export function Appearance() {
  const { t, i18n } = useTranslation()
  const theme = useTheme()
  const contrast = useContrast()
  return (
    <>
      <Section title={t('settings.theme')}>
        <Segmented
          label={t('settings.theme')}
          value={theme}
          onChange={setTheme}
          options={[
            { value: 'system', label: t('settings.system'), icon: Monitor },
            { value: 'light', label: t('settings.light'), icon: Sun },
            { value: 'dark', label: t('settings.dark'), icon: Moon },
          ]}
        />
      </Section>
      <Section title={t('settings.contrast')} text={t('settings.contrastText')}>
        <Segmented
          label={t('settings.contrast')}
          value={contrast}
          onChange={setContrast}
          options={[
            { value: 'system', label: t('settings.system'), icon: Monitor },
            { value: 'more', label: t('settings.contrastMore'), icon: Contrast },
          ]}
        />
      </Section>
      <Section title={t('settings.language')}>
        <Segmented
          label={t('settings.language')}
          value={i18n.language as Language}
          onChange={(language) => void setLanguage(language, true)}
          options={(Object.keys(languages) as Language[]).map((value) => ({ value, label: languages[value] }))}
        />
      </Section>
      <Section title={t('commands.switch')} text={t('commands.switchText')}>
        <ShortcutSwitch />
      </Section>
    </>
  )
}
