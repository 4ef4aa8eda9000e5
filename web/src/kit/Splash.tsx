import { useTranslation } from '@/i18n/useTranslation'
import { Logo } from './Logo'

/** What is shown while the page, or a part of it, is on its way. index.html begins with the same. */
export function Splash() {
  const { t } = useTranslation()
  return (
    <div role="status" className="splash">
      <span className="sr-only">{t('app.loading')}</span>
      <Logo />
    </div>
  )
}
