import { MessageCircleDashed } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { greet, look } from './greet'

export function Welcome({ name, temporary }: { name: string; temporary: boolean }) {
  const { t } = useTranslation()
  const { time, first } = greet(name)
  return (
    <div className={look.room}>
      {temporary ? (
        <>
          <MessageCircleDashed aria-hidden="true" className="mb-3 size-9 text-muted" strokeWidth={1.5} />
          <p className={look.greeting}>{t('temporary.title')}</p>
          <p className="mt-1.5 max-w-md text-base text-balance text-muted">{t('temporary.text')}</p>
        </>
      ) : (
        <>
          <p className={look.greeting}>{t(`chat.${time}`, { name: first })}</p>
          <p className={look.lead}>{t('chat.lead')}</p>
        </>
      )}
    </div>
  )
}
