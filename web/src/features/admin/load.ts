import { addStrings } from '@/i18n/setup'

const strings = () =>
  addStrings('admin', {
    en: () => import('./strings/en').then((m) => m.en),
    de: () => import('./strings/de').then((m) => m.de),
  })

/** Fetches the list of the administration's pages with the strings that name them. */
export async function loadPages() {
  const [pages] = await Promise.all([import('./pages'), strings()])
  return pages
}

/** Fetches the administration with its strings in the reader's language. */
export async function loadAdmin() {
  const [page] = await Promise.all([import('./AdminPage'), strings()])
  return { default: page.AdminPage }
}
