import type { TFunction } from 'i18next'
import { FolderPlus } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { locale } from '@/i18n/setup'
import { IconButton } from '@/kit/IconButton'

/** The heading of a part of the list: a time, the pinned ones, or the folders. */
export function GroupRow({ name, onNewFolder }: { name: string; onNewFolder: () => void }) {
  const { t, i18n } = useTranslation()
  return (
    <div className="flex h-9 items-end justify-between bg-side pb-1">
      <h3 className="px-2.5 text-xs font-medium text-muted">{groupLabel(name, t, locale(i18n.language))}</h3>
      {name === 'folders' && <IconButton icon={FolderPlus} size="sm" label={t('folders.new')} onClick={onNewFolder} className="me-1 -mb-1" />}
    </div>
  )
}

function groupLabel(name: string, t: TFunction, language: string): string {
  switch (name) {
    case 'folders':
      return t('folders.title')
    case 'pinned':
    case 'today':
    case 'yesterday':
    case 'week':
    case 'month':
      return t(`list.${name}`)
    default: {
      const [year, month] = name.split('-').map(Number)
      return new Date(year ?? 0, (month ?? 1) - 1).toLocaleDateString(language, { month: 'long', year: 'numeric' })
    }
  }
}
