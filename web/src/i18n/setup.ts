import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { en as admin } from '@/features/admin/strings/en'
import { en, type Strings } from './en'
import { settings } from '@/kit/storage'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en; admin: typeof admin }
  }
}

/** The languages of the page, each by its own name. Others than English are fetched on demand. */
export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

type Load = Partial<Record<Language, () => Promise<object>>>

// The namespaces in use and where their strings are. That of the page itself is always there in English.
const namespaces = new Map<string, Load>([['translation', { de: () => import('./de').then((m): Strings => m.de) }]])

const key = 'parley.language'

void i18next.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false }, // React escapes
  initAsync: false,
})

const isLanguage = (v: string | undefined): v is Language => v !== undefined && v in languages

/** The reader's choice, else the first language of the browser that the page speaks. */
export function preferredLanguage(): Language {
  const wanted = [settings.get(key), ...navigator.languages.map((l) => l.split('-')[0])]
  return wanted.find(isLanguage) ?? 'en'
}

/** The language with the reader's own region, for dates and numbers: "en" becomes "en-GB" in London. */
export function locale(language: string): string {
  return navigator.languages.find((l) => l.split('-')[0] === language) ?? language
}

export async function setLanguage(language: Language, remember = false) {
  if (remember) settings.set(key, language)
  await Promise.all([...namespaces.keys()].map((name) => fetchStrings(language, name)))
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
  document.documentElement.dir = i18next.dir(language)
}

async function fetchStrings(language: Language, namespace: string) {
  const load = namespaces.get(namespace)?.[language]
  if (load && !i18next.hasResourceBundle(language, namespace)) i18next.addResourceBundle(language, namespace, await load())
}

/** Adds the strings of a part of the page that is loaded on demand: now, and with each change of language. */
export async function addStrings(namespace: string, load: Record<Language, () => Promise<object>>) {
  namespaces.set(namespace, load)
  await fetchStrings(i18next.language as Language, namespace)
}
