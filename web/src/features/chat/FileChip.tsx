import { FileText, X } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { locale } from '@/i18n/setup'
import { IconButton } from '@/kit/IconButton'
import { sizeText, type TextFile } from './files'

/** A file that goes with a message. */
export function FileChip({ file, onRemove }: { file: TextFile; onRemove?: () => void }) {
  const { t, i18n } = useTranslation()
  return (
    <span className="inline-flex h-9 max-w-64 items-center gap-2 rounded-md border border-line bg-raised ps-2.5 pe-1 text-sm">
      <FileText aria-hidden="true" className="size-4 shrink-0 text-muted" />
      <span className="truncate">{file.name}</span>
      <span className={onRemove ? 'shrink-0 text-xs text-muted' : 'shrink-0 pe-1.5 text-xs text-muted'}>{sizeText(file.size, locale(i18n.language))}</span>
      {onRemove && <IconButton icon={X} size="sm" label={t('composer.remove', { name: file.name })} onClick={onRemove} />}
    </span>
  )
}
