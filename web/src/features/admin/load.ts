import { addStrings } from '@/i18n/setup'

/** Fetches the administration with its strings in the reader's language. */
export async function loadAdmin() {
  const [page] = await Promise.all([
    import('./AdminPage'),
    addStrings('admin', {
      en: () => import('./strings/en').then((m) => m.en),
      de: () => import('./strings/de').then((m) => m.de),
    }),
  ])
  return { default: page.AdminPage }
}
