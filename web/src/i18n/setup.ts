import i18next from 'i18next'
import type { en as admin } from '@/features/admin/strings/en'
import { en } from './en'
import { loadStrings, rememberLanguage, type Language } from './languages'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en; admin: typeof admin }
  }
}

type Load = Partial<Record<Language, () => Promise<object>>>

// The namespaces in use and where their strings are. That of the page itself is always there in English.
const namespaces = new Map<string, Load>([['translation', loadStrings]])

void i18next.init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false }, // React escapes
  initAsync: false,
  keySeparator: '.', // their defaults; said, each key is not looked at for being one
  nsSeparator: ':',
})

/** The language with the reader's own region, for dates and numbers: "en" becomes "en-GB" in London. */
export function locale(language: string): string {
  return navigator.languages.find((l) => l.split('-')[0] === language) ?? language
}

export async function setLanguage(language: Language, remember = false) {
  if (remember) rememberLanguage(language)
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
