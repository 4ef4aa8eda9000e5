import type { ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { Button } from '@/kit/Button'
import { CopyButton } from '@/kit/CopyButton'

interface Props {
  title: string
  /** Why it has to be copied now. */
  text: string
  secret: string
  copy: string
  onDone: () => void
  children?: ReactNode
}

/** Shows what cannot be shown again, until the reader is done with it. */
export function Once({ title, text, secret, copy, onDone, children }: Props) {
  const { t } = useTranslation('admin')
  return (
    <div role="status" className="space-y-3 rounded-md bg-accent-soft p-4">
      <p className="text-sm">
        <span className="font-semibold">{title}</span> {text}
      </p>
      <div className="flex items-center gap-2 rounded-sm bg-raised py-1 ps-3 pe-1">
        <code className="min-w-0 flex-1 font-mono text-sm break-all">{secret}</code>
        <CopyButton text={secret} label={copy} />
      </div>
      {children}
      <Button size="sm" onClick={onDone}>
        {t('kit.done')}
      </Button>
    </div>
  )
}
