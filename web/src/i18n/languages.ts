import { settings } from '@/kit/storage'
import type { Strings } from './en'

/** The languages of the page, each by its own name. Others than English are fetched on demand. */
export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

/** Fetches the strings of a language; those of English are there already. */
export const loadStrings: Partial<Record<Language, () => Promise<Strings>>> = {
  de: () => import('./de').then((m) => m.de),
}

const key = 'parley.language'

const isLanguage = (v: string | undefined): v is Language => v !== undefined && v in languages

/** The reader's choice, else the first language of the browser that the page speaks. */
export function preferredLanguage(): Language {
  const wanted = [settings.get(key), ...navigator.languages.map((l) => l.split('-')[0])]
  return wanted.find(isLanguage) ?? 'en'
}

export const rememberLanguage = (language: Language) => settings.set(key, language)
