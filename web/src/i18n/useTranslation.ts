import i18next, { type TFunction } from 'i18next'
import { useSyncExternalStore } from 'react'
import './setup'

type Namespace = 'translation' | 'admin'

// What a component says is mostly the same few words; looking one up takes i18next some 20 microseconds.
const functions = new Map<string, TFunction>()
i18next.on('languageChanged', () => functions.clear())
i18next.store.on('added', () => functions.clear())

const subscribe = (changed: () => void) => {
  i18next.on('languageChanged', changed)
  return () => i18next.off('languageChanged', changed)
}
const language = () => i18next.language

/**
 * Gives the strings in the reader's language, and draws the component again when that changes. They are there
 * before a language is chosen (see setup), so that nothing waits. react-i18next's hook can wait, and copies an object
 * of i18next for each component that is drawn.
 */
export function useTranslation<N extends Namespace = 'translation'>(namespace?: N): { t: TFunction<N>; i18n: typeof i18next } {
  useSyncExternalStore(subscribe, language)
  return { t: translator(namespace ?? 'translation') as TFunction<N>, i18n: i18next }
}

function translator(namespace: Namespace): TFunction {
  const known = functions.get(namespace)
  if (known) return known
  const look = i18next.getFixedT(null, namespace) as (key: string, options?: object) => string
  const words = new Map<string, string>()
  const t = ((key: string, options?: object) => {
    if (options) return look(key, options)
    const word = words.get(key) ?? look(key)
    words.set(key, word)
    return word
  }) as TFunction
  functions.set(namespace, t)
  return t
}
