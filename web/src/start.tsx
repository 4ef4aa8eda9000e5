import { startTransition, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { whenSignedOut } from './api/client'
import { App } from './app/App'
import { watchContrast } from './app/contrast'
import { pageAt, pages, questions, quietly } from './app/pages'
import { queryClient } from './app/queries'
import { router } from './app/router'
import { watchTheme } from './app/theme'
import { meKey, meQuery, optionsQuery } from './features/auth/session'
import { preferredLanguage } from './i18n/languages'
import { setLanguage } from './i18n/setup'
import { whenQuiet } from './kit/quiet'

watchTheme()
watchContrast()
whenSignedOut(() => queryClient.setQueryData(meKey, null))

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

const page = pageAt(location.pathname)
const question = questions[page]
const ask = {
  '/v1/me': () => queryClient.prefetchQuery({ ...meQuery, retry: false }),
  '/v1/auth/options': () => queryClient.prefetchQuery({ ...optionsQuery, retry: false }),
}

// The splash stands until all that the page is first drawn with is there, so that it is drawn once. What fails is asked
// for again by the part that needs it, which tells of the failure; without the reader's strings it speaks English.
void Promise.allSettled([router.load(), setLanguage(preferredLanguage()), question && ask[question]()]).then(() => {
  // A transition is drawn in small pieces, between which the browser does other things.
  startTransition(() => {
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    )
  })
  if (import.meta.env.PROD) whenQuiet(() => void navigator.serviceWorker?.register('/sw.js').catch(() => {}))
  // Who writes at the door goes to the chat next.
  if (page === 'signIn' || page === 'setup' || page === 'join') addEventListener('input', () => void pages.shell().catch(quietly), { once: true })
})
