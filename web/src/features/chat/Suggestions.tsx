import { Settings2 } from 'lucide-react'
import { useEffect } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { KnowledgeBase, Model, Prompt } from '@/api/types'
import { Option } from '@/kit/Option'
import type { useListbox } from '@/kit/useListbox'
import { ModelFactsLine } from './ModelFactsLine'

/** What a list above the composer offers. */
export type Suggestion = { kind: 'prompt'; prompt: Prompt } | { kind: 'model'; model: Model } | { kind: 'knowledge'; base: KnowledgeBase } | { kind: 'manage' }

interface Props {
  items: Suggestion[]
  list: ReturnType<typeof useListbox>
  label: string
  onChoose: (s: Suggestion) => void
}

/** The list that opens above the composer. Its keys are those of the field. */
export function Suggestions({ items, list, label, onChoose }: Props) {
  const { t } = useTranslation()
  const { setAt } = list
  const first = items[0]
  const begins = first && keyOf(first)
  useEffect(() => setAt(0), [begins, setAt])
  return (
    <div className="absolute inset-x-0 bottom-full z-20 mb-2 animate-fade overflow-hidden rounded-md border border-line bg-raised shadow-mid">
      <div id={list.id} role="listbox" aria-label={label} className="max-h-[min(20rem,45vh)] overflow-y-auto p-1">
        {items.map((item, i) => (
          <Option key={keyOf(item)} id={list.optionId(i)} active={i === list.at} onPoint={() => setAt(i)} onChoose={() => onChoose(item)}>
            {item.kind === 'prompt' ? (
              <div className="flex items-baseline gap-3 text-sm">
                <span className="shrink-0 font-medium">/{item.prompt.command}</span>
                <span className="truncate text-muted">{item.prompt.title}</span>
                {!item.prompt.mine && <span className="ms-auto shrink-0 text-xs text-muted">{item.prompt.owner_name}</span>}
              </div>
            ) : item.kind === 'model' ? (
              <>
                <span className="block truncate text-sm font-medium">{item.model.id}</span>
                <ModelFactsLine facts={item.model.parley} />
              </>
            ) : item.kind === 'knowledge' ? (
              <div className="flex items-baseline gap-3 text-sm">
                <span dir="auto" className="truncate font-medium">{item.base.name}</span>
                <span className="ms-auto shrink-0 text-xs text-muted">{t('knowledge.files', { count: item.base.file_counts.total })}</span>
              </div>
            ) : (
              <span className="flex items-center gap-2.5 text-sm text-muted">
                <Settings2 aria-hidden="true" className="size-4" />
                {t('prompts.manage')}
              </span>
            )}
          </Option>
        ))}
      </div>
    </div>
  )
}

const keyOf = (s: Suggestion) => (s.kind === 'prompt' ? s.prompt.id : s.kind === 'model' ? s.model.id : s.kind === 'knowledge' ? s.base.id : s.kind)
