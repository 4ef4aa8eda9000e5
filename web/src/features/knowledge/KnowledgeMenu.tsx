import { Library, Settings2, X } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import { IconButton } from '@/kit/IconButton'
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '@/kit/Menu'
import { Skeleton } from '@/kit/Skeleton'
import type { KnowledgeChoice } from './choice'
import { useBases } from './data'

interface Props {
  choice?: KnowledgeChoice
  disabled?: boolean
  onChoose: (choice: KnowledgeChoice | undefined) => void
  onManage: () => void
}

const none = 'none'
const all = 'all'

/** The button of the composer that says which documents answer. */
export function KnowledgeMenu({ choice, disabled, onChoose, onManage }: Props) {
  const { t } = useTranslation()
  return (
    <Menu side="top" align="start" className="max-w-80" trigger={<IconButton icon={Library} label={t('knowledge.use')} side="top" disabled={disabled} className="my-0.5 rounded-full" />}>
      <MenuLabel>{t('knowledge.use')}</MenuLabel>
      <Choices choice={choice} onChoose={onChoose} />
      <MenuLine />
      <MenuItem icon={Settings2} onSelect={onManage}>
        {t('knowledge.manage')}
      </MenuItem>
    </Menu>
  )
}

// Mounted when the menu opens, so that nothing is asked for before.
function Choices({ choice, onChoose }: Pick<Props, 'choice' | 'onChoose'>) {
  const { t } = useTranslation()
  const bases = useBases()
  if (bases.isPending) return <Skeleton className="m-2 h-6" />
  if (bases.isError) return <p className="px-2.5 py-1.5 text-sm text-danger">{errorText(bases.error)}</p>
  const options = [
    { value: none, label: t('knowledge.none') },
    { value: all, label: t('knowledge.all') },
    ...bases.data.map((b) => ({ value: b.id, label: b.name, note: t('knowledge.files', { count: b.file_counts.total }) })),
  ]
  const choose = (value: string) => {
    if (value === none) onChoose(undefined)
    else if (value === all) onChoose({ id: '', name: t('knowledge.all') })
    else onChoose({ id: value, name: bases.data.find((b) => b.id === value)?.name ?? value })
  }
  return <MenuChoice value={choice ? choice.id || all : none} onChange={choose} options={options} />
}

/** What was chosen, above the field. */
export function KnowledgeChip({ choice, onRemove }: { choice: KnowledgeChoice; onRemove: () => void }) {
  const { t } = useTranslation()
  return (
    <span className="inline-flex h-7 max-w-full items-center gap-1.5 rounded-full bg-accent-soft ps-2.5 pe-1 text-sm text-accent">
      <Library aria-hidden="true" className="size-3.5 shrink-0" />
      <span dir="auto" className="truncate">{choice.name}</span>
      <button type="button" aria-label={t('knowledge.stop', { name: choice.name })} onClick={onRemove} className="flex size-5 shrink-0 items-center justify-center rounded-full hover:bg-hover pointer-coarse:size-7">
        <X aria-hidden="true" className="size-3.5" />
      </button>
    </span>
  )
}
