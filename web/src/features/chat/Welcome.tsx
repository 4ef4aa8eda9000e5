import { MessageCircleDashed } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'

export function Welcome({ name, temporary }: { name: string; temporary: boolean }) {
  const { t } = useTranslation()
  const hour = new Date().getHours()
  const time = hour >= 4 && hour < 12 ? 'morning' : hour >= 12 && hour < 18 ? 'afternoon' : 'evening'
  const first = name.trim().split(/\s+/)[0] ?? ''
  return (
    <div className="flex flex-1 flex-col items-center justify-center px-6 pb-8 text-center sm:justify-end">
      {temporary ? (
        <>
          <MessageCircleDashed aria-hidden="true" className="mb-3 size-9 text-muted" strokeWidth={1.5} />
          <p className="text-2xl font-semibold tracking-tight text-balance">{t('temporary.title')}</p>
          <p className="mt-1.5 max-w-md text-base text-balance text-muted">{t('temporary.text')}</p>
        </>
      ) : (
        <>
          <p className="text-2xl font-semibold tracking-tight text-balance">{t(`chat.${time}`, { name: first })}</p>
          <p className="mt-1.5 text-lg text-muted">{t('chat.lead')}</p>
        </>
      )}
    </div>
  )
}
