import { Download, MailWarning, type LucideIcon } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { sentence } from '@/api/errorText'
import { looks } from '../health/Verdict'
import { Badge } from '../kit/Badge'
import { useFormat } from '../kit/format'
import { PageLink } from '../kit/links'
import type { Attention } from './attention'

interface Told {
  icon: LucideIcon
  look: string
  text: string
  page: string
  id?: string
}

/** What somebody should look at, each with the way to it. */
export function AttentionList({ items }: { items: Attention[] }) {
  const { t } = useTranslation('admin')
  const { percent } = useFormat()
  const tell = (a: Attention): Told => {
    switch (a.kind) {
      case 'check':
        return { ...looks[a.state], text: `${sentence(a.check.name).slice(0, -1)}: ${a.check.detail}`, page: 'health' }
      case 'expired':
        return { icon: MailWarning, look: 'text-warn', text: t('overview.expired', { count: a.count }), page: 'invitations' }
      case 'failed':
        return { ...looks.fail, text: t('overview.failed', { id: a.id }), page: 'models', id: a.id }
      case 'coming':
        return { icon: Download, look: 'text-muted', text: t('overview.coming', { id: a.id }), page: 'models', id: a.id }
      case 'noModel':
        return { ...looks.fail, text: t('overview.noModel'), page: 'models' }
      case 'errors':
        return { ...looks.warn, text: t('overview.manyErrors', { percent: percent(a.part) }), page: 'usage' }
    }
  }
  return (
    <div className="rounded-lg border border-line bg-raised">
      <p className="flex items-center gap-2.5 border-b border-line px-5 py-3 text-base font-semibold">
        {t('overview.attention')}
        <Badge tone="warn">{items.length}</Badge>
      </p>
      <ul className="divide-y divide-line">
      {items.map(tell).map(({ icon: Icon, look, text, page, id }, i) => (
        <li key={i} className="relative flex items-start gap-3.5 px-5 py-3 text-sm transition-colors hover:bg-hover">
          <Icon aria-hidden="true" className={`mt-0.5 size-4.5 shrink-0 ${look}`} />
          <PageLink page={page} id={id} search={page === 'invitations' ? { state: 'expired' } : {}} className="min-w-0 flex-1 wrap-anywhere after:absolute after:inset-0">
            {text}
          </PageLink>
        </li>
      ))}
      </ul>
    </div>
  )
}
