import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en, type Strings } from './en'
import { settings } from '@/kit/storage'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
  }
}

/** The languages of the page, each by its own name. Others than English are fetched on demand. */
export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

const load: Partial<Record<Language, () => Promise<Strings>>> = {
  de: () => import('./de').then((m) => m.de),
}

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
  const fetchIt = load[language]
  if (fetchIt && !i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', await fetchIt())
  }
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}
