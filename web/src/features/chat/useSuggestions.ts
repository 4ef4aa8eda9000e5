import { useMemo, useState, type KeyboardEvent } from 'react'
import type { KnowledgeBase, Model, Prompt } from '@/api/types'
import type { KnowledgeChoice } from '@/features/knowledge/choice'
import { findBases, useBases } from '@/features/knowledge/data'
import { findPrompts, usePrompts } from '@/features/prompts/data'
import { variablesOf } from '@/features/prompts/fill'
import { useListbox } from '@/kit/useListbox'
import { findModels } from './ModelPicker'
import { replaceTrigger, triggerAt } from './suggest'
import type { Suggestion } from './Suggestions'

interface Options {
  text: string
  setText: (text: string) => void
  models: Model[]
  onModel: (id: string) => void
  onPrompts: () => void
  onKnowledge: (choice: KnowledgeChoice) => void
}

const none: Prompt[] = []
const noBases: KnowledgeBase[] = []

/** The list that "/", "@" and "#" open while a message is written, and what a choice from it does. */
export function useSuggestions({ text, setText, models, onModel, onPrompts, onKnowledge }: Options) {
  const [caret, setCaret] = useState(0)
  // Escape closes the list until the word changes.
  const [closed, setClosed] = useState<string | null>(null)
  const [asking, setAsking] = useState<Prompt | null>(null)
  const prompts = usePrompts(text.startsWith('/')).data ?? none
  const found = triggerAt(text, Math.min(caret, text.length))
  const word = found ? text.slice(found.from, found.to) : null
  const trigger = word !== null && word !== closed ? found : null
  const { kind, query = '' } = trigger ?? {}
  const bases = useBases(kind === 'knowledge').data ?? noBases
  const items = useMemo<Suggestion[]>(() => {
    if (kind === 'model') return findModels(models, query).map((model) => ({ kind: 'model', model }))
    if (kind === 'knowledge') return findBases(bases, query).map((base) => ({ kind: 'knowledge', base }))
    if (kind !== 'prompt') return []
    const list = findPrompts(prompts, query).map((prompt): Suggestion => ({ kind: 'prompt', prompt }))
    return query === '' || list.length > 0 ? [...list, { kind: 'manage' }] : []
  }, [kind, query, models, prompts, bases])

  const choose = (s: Suggestion | undefined) => {
    if (!s || !trigger) return
    if (s.kind === 'prompt' && variablesOf(s.prompt.text).length > 0) setAsking(s.prompt)
    else if (s.kind === 'prompt') setText(replaceTrigger(text, trigger, s.prompt.text))
    else setText(replaceTrigger(text, trigger, ''))
    if (s.kind === 'model') onModel(s.model.id)
    if (s.kind === 'knowledge') onKnowledge({ id: s.base.id, name: s.base.name })
    if (s.kind === 'manage') onPrompts()
  }
  const list = useListbox(items.length, (i) => choose(items[i]), { tab: true })
  return {
    items,
    list,
    kind,
    choose,
    asking,
    endAsking: (filled?: string) => {
      setAsking(null)
      if (filled !== undefined && found) setText(replaceTrigger(text, found, filled))
    },
    onCaret: setCaret,
    onKeyDown: (e: KeyboardEvent): boolean => {
      if (items.length === 0) return false
      if (e.key !== 'Escape') return list.onKeyDown(e)
      e.preventDefault()
      setClosed(word)
      return true
    },
  }
}
