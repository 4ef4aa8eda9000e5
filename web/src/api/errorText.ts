import i18next from 'i18next'
import { ApiError, OFFLINE } from './client'

/** What to tell the reader of a failed call: the server's own words where it has any. */
export function errorText(err: unknown): string {
  const t = i18next.t
  if (!(err instanceof ApiError)) return t('error.unknown')
  if (err.code === OFFLINE) return t('error.offline')
  if (err.status === 503 && err.retryAfter > 0) return t('error.busy', { seconds: err.retryAfter })
  if (err.status >= 500 && err.status !== 503 && err.status !== 501) {
    const ref = err.extra.requestId
    return ref ? t('error.server', { ref }) : t('error.serverPlain')
  }
  return err.message ? sentence(err.message) : t('error.unknown')
}

/** Makes a sentence of a server's message, which begins in lower case and has no full stop. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}
