import { useTranslation } from '@/i18n/useTranslation'
import { Button } from '@/kit/Button'

/** What is shown when drawing the page has failed. */
export function Crash() {
  const { t } = useTranslation()
  return (
    <main id="main" role="alert" className="flex h-full flex-col items-center justify-center gap-2 p-6 text-center">
      <h1 className="text-xl font-semibold">{t('app.crashTitle')}</h1>
      <p className="mb-3 text-muted">{t('app.crashText')}</p>
      <Button look="primary" onClick={() => location.reload()}>
        {t('app.reload')}
      </Button>
    </main>
  )
}
