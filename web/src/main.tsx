import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { whenSignedOut } from './api/client'
import { App } from './app/App'
import { watchContrast } from './app/contrast'
import { queryClient } from './app/queries'
import { watchTheme } from './app/theme'
import { meKey } from './features/auth/session'
import { preferredLanguage, setLanguage } from './i18n/setup'
import './styles/base.css'

watchTheme()
if (import.meta.env.PROD) void navigator.serviceWorker?.register('/sw.js').catch(() => {})
watchContrast()
whenSignedOut(() => queryClient.setQueryData(meKey, null))

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

// The first words drawn are in the reader's language; without its strings they are in English.
void setLanguage(preferredLanguage())
  .catch(() => {})
  .then(() => {
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    )
  })
