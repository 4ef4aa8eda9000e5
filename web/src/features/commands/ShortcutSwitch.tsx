import { useTranslation } from '@/i18n/useTranslation'
import { Segmented } from '@/kit/Segmented'
import { setShortcuts, useShortcutsOn } from './keys'

/** Switches the shortcuts of the page on and off in this browser. */
export function ShortcutSwitch() {
  const { t } = useTranslation()
  const on = useShortcutsOn()
  return (
    <Segmented
      label={t('commands.switch')}
      value={on ? 'on' : 'off'}
      onChange={(v) => setShortcuts(v === 'on')}
      options={[
        { value: 'on', label: t('commands.on') },
        { value: 'off', label: t('commands.off') },
      ]}
    />
  )
}
