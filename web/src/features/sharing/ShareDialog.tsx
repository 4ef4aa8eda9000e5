import { useId, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Conversation, ShareRequest } from '@/api/types'
import { useAction } from '@/kit/useAction'
import { Button } from '@/kit/Button'
import { CopyButton } from '@/kit/CopyButton'
import { Dialog } from '@/kit/Dialog'
import { inputClass } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { Segmented } from '@/kit/Segmented'
import { useShareChanges, useShares } from './data'
import { Preview } from './Preview'

interface Props {
  conversation: Conversation
  onClose: () => void
}

const lifetimes = [1, 7, 30, 90, 365]

/** Makes a link to a copy of a chat, after showing what it will tell. */
export function ShareDialog({ conversation, onClose }: Props) {
  const { t } = useTranslation()
  const [redact, setRedact] = useState(true)
  const [audience, setAudience] = useState<ShareRequest['audience']>('tenant')
  const [days, setDays] = useState(30)
  const [link, setLink] = useState('')
  const expiry = useId()
  const { make } = useShareChanges()
  const linksOff = useShares().data?.public_links === false
  const { busy, problem, run } = useAction()
  const request: ShareRequest = { redact, audience, expires_in_days: days }
  return (
    <Dialog open onClose={onClose} title={t('share.title')} description={link ? t('share.madeText') : t('share.text')} className="max-w-xl">
      {link ? (
        <div className="space-y-5 px-6 pt-4 pb-6">
          <div role="status" className="flex items-center gap-2 rounded-md bg-accent-soft py-1.5 ps-3 pe-1.5">
            <span className="min-w-0 flex-1 font-mono text-sm break-all select-all">{link}</span>
            <CopyButton text={link} label={t('share.copy')} />
          </div>
          <p className="text-sm text-muted">{audience === 'tenant' ? t('share.tenantHint') : t('share.linkHint')}</p>
          <div className="flex justify-end">
            <Button look="primary" onClick={onClose}>
              {t('settings.done')}
            </Button>
          </div>
        </div>
      ) : (
        <form
          className="flex min-h-0 flex-col"
          onSubmit={(e) => {
            e.preventDefault()
            void run(async () => setLink(await make(conversation.id, request)))
          }}
        >
          <div className="min-h-0 space-y-5 overflow-y-auto px-6 pt-4 pb-1">
            <div className="flex flex-wrap items-start gap-x-6 gap-y-4">
              <div>
                <p className="mb-1.5 text-sm font-medium">{t('share.audience')}</p>
                <Segmented
                  label={t('share.audience')}
                  value={audience}
                  onChange={setAudience}
                  options={[
                    { value: 'tenant', label: t('share.tenant') },
                    { value: 'link', label: t('share.link'), disabled: linksOff },
                  ]}
                />
                {linksOff && <p className="mt-1.5 max-w-72 text-sm text-muted">{t('share.linksOff')}</p>}
              </div>
              <div>
                <label htmlFor={expiry} className="mb-1.5 block text-sm font-medium">
                  {t('share.expiry')}
                </label>
                <select id={expiry} value={days} onChange={(e) => setDays(Number(e.target.value))} className={inputClass}>
                  {lifetimes.map((n) => (
                    <option key={n} value={n}>
                      {t('settings.days', { count: n })}
                    </option>
                  ))}
                </select>
              </div>
            </div>
            <div className="text-sm">
              <label className="flex w-fit cursor-pointer items-center gap-2.5 font-medium">
                <input type="checkbox" checked={redact} onChange={(e) => setRedact(e.target.checked)} className="size-4 shrink-0 accent-accent" />
                {t('share.redact')}
              </label>
              <p className="ps-6.5 text-muted">{t('share.redactText')}</p>
            </div>
            <Preview conversation={conversation.id} request={request} />
            {problem && <Notice>{problem}</Notice>}
          </div>
          <div className="flex justify-end gap-2 px-6 pt-4 pb-6">
            <Button onClick={onClose}>{t('kit.cancel')}</Button>
            <Button type="submit" look="primary" busy={busy}>
              {t('share.make')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

