import { useState, useSyncExternalStore } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { locale } from '@/i18n/setup'
import { limits, readText, sizeText, type Refusal, type TextFile } from './files'

// The files of unsent messages, by draft. They are in memory only.
const held = new Map<string, readonly TextFile[]>()
const listeners = new Set<() => void>()
const none: readonly TextFile[] = []

function set(key: string, files: readonly TextFile[]) {
  if (files.length > 0) held.set(key, files)
  else held.delete(key)
  listeners.forEach((fn) => fn())
}

export function clearAttachments() {
  held.clear()
  listeners.forEach((fn) => fn())
}

/** The files that go with the unsent message of a draft, and why some were refused. */
export function useAttachments(key: string) {
  const { t, i18n } = useTranslation()
  const files = useSyncExternalStore(
    (fn) => {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
    () => held.get(key) ?? none,
  )
  const [refusals, setRefusals] = useState<{ key: string; list: string[] }>({ key, list: [] })
  const why = (name: string, reason: Refusal) =>
    t(`composer.refused.${reason}`, { name, size: sizeText(limits.bytes, locale(i18n.language)), count: limits.files })
  return {
    files,
    refused: refusals.key === key ? refusals.list : [],
    add: async (more: readonly File[]) => {
      const list: string[] = []
      for (const file of more) {
        const now = held.get(key) ?? none
        const read = now.length >= limits.files ? 'many' : await readText(file)
        if (typeof read === 'string') list.push(why(file.name, read))
        else set(key, [...(held.get(key) ?? none).filter((f) => f.name !== read.name || f.text !== read.text), read])
      }
      setRefusals({ key, list: [...new Set(list)] })
    },
    remove: (file: TextFile) => set(key, files.filter((f) => f !== file)),
    clear: () => {
      set(key, none)
      setRefusals({ key, list: [] })
    },
    forgive: () => setRefusals({ key, list: [] }),
  }
}
