import { ShieldCheck } from 'lucide-react'
import { Fragment } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { ShareRequest } from '@/api/types'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { usePreview } from './data'
import { kindName, redactedParts } from './redacted'

/** What a share would tell, with what was taken out of it. */
export function Preview({ conversation, request }: { conversation: string; request: ShareRequest }) {
  const { t } = useTranslation()
  const preview = usePreview(conversation, request)
  if (preview.isPending) return <Skeleton className="h-52" />
  if (preview.isError) return <Notice>{errorText(preview.error)}</Notice>
  const { messages, redactions } = preview.data
  const total = redactions.reduce((n, r) => n + r.count, 0)
  return (
    <div className="overflow-hidden rounded-md border border-line">
      <p role="status" className="flex items-start gap-2 border-b border-line bg-sunken px-3 py-2 text-sm">
        <ShieldCheck aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-muted" />
        {!request.redact
          ? t('share.asIs')
          : total === 0
            ? t('share.nothing')
            : `${t('share.taken', { count: total })} ${redactions.map((r) => `${kindName(r.kind, t)} ${r.count}`).join(', ')}.`}
      </p>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is scrolled by keyboard */}
      <div tabIndex={0} aria-label={t('share.preview')} role="region" className="max-h-60 space-y-3 overflow-y-auto px-3 py-3 text-sm focus-visible:-outline-offset-2">
        {messages.slice(0, 200).map((m, i) => (
          <div key={i}>
            <p className="text-xs font-medium text-muted">{m.role === 'user' ? t('share.asked') : t('share.answered')}</p>
            <p dir="auto" className="wrap-anywhere whitespace-pre-wrap">
              {redactedParts(m.text).map((part, j) =>
                part.redacted && request.redact ? (
                  <mark key={j} className="rounded-[0.25em] bg-warn-soft px-1 text-warn">
                    {part.text}
                  </mark>
                ) : (
                  <Fragment key={j}>{part.text}</Fragment>
                ),
              )}
            </p>
          </div>
        ))}
        {messages.length > 200 && <p className="text-muted">{t('share.more', { count: messages.length - 200 })}</p>}
      </div>
    </div>
  )
}
