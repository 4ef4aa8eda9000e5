import { Download } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { del } from '@/api/client'
import { useAuthOptions } from '@/features/auth/session'
import { Button } from '@/kit/Button'
import { ConfirmDialog } from '@/kit/Dialog'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { Section } from './Section'
import { useAction } from '@/kit/useAction'

export function YourData({ onDeleted }: { onDeleted: () => void }) {
  const { t } = useTranslation()
  const version = useAuthOptions().data?.version
  const [asking, setAsking] = useState(false)
  const [password, setPassword] = useState('')
  const { busy, problem, run, clear } = useAction()
  const close = () => {
    setAsking(false)
    setPassword('')
    clear()
  }
  const remove = () =>
    run(async () => {
      await del('/v1/me', { password })
      onDeleted()
    })
  return (
    <>
      <Section title={t('settings.exportTitle')} text={t('settings.exportText')}>
        <a
          href="/v1/me/export"
          download="parley-export.json"
          className="inline-flex h-10 items-center gap-2 rounded-md border border-line bg-raised px-4 font-medium transition-colors hover:bg-sunken"
        >
          <Download aria-hidden="true" className="size-4 text-muted" />
          {t('settings.export')}
        </a>
      </Section>
      <Section title={t('settings.deleteTitle')} text={t('settings.deleteText')}>
        <Button look="danger" onClick={() => setAsking(true)}>
          {t('settings.deleteAccount')}
        </Button>
      </Section>
      {version && <p className="text-xs text-muted">{t('settings.version', { version })}</p>}
      <ConfirmDialog
        open={asking}
        onClose={close}
        onConfirm={() => void remove()}
        busy={busy}
        title={t('settings.deleteConfirm')}
        description={t('settings.deleteConfirmText')}
        confirm={t('settings.deleteAccount')}
      >
        <Field label={t('auth.password')} type="password" autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.target.value)} />
        {problem && <Notice>{problem}</Notice>}
      </ConfirmDialog>
    </>
  )
}
