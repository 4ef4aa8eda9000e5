// Begins what the page waits for, all at once: the server's first answer, the scripts, the strings. It imports
// nothing large, so that the browser has it before anything else.
import { begin } from './api/early'
import { drawFirst } from './app/first'
import { pageAt, pages, questions, quietly } from './app/pages'
import { sidebarBeside } from './app/room'
import { loadStrings, preferredLanguage } from './i18n/languages'
import './styles/base.css'

const page = pageAt(location.pathname)
const question = questions[page]
if (question) begin(question)
loadStrings[preferredLanguage()]?.().catch(quietly)
const drawn = location.pathname === '/' ? drawFirst().catch(quietly) : undefined

/** Has the browser fetch a part, and not run it yet. vite.config.ts writes where it lies. */
function fetchAhead(part: 'chat' | 'sidebar') {
  const href = document.querySelector<HTMLMetaElement>(`meta[name="script-${part}"]`)?.content
  if (href) document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href }))
}

if (page === 'shell') {
  fetchAhead('chat')
  if (sidebarBeside()) fetchAhead('sidebar')
} else if (page !== 'signIn') pages[page]().catch(quietly) // the door comes with the start

// The parts run one after the other: all at once they would keep a phone from answering for a quarter of a second.
const pause = () => new Promise((done) => setTimeout(done))
void Promise.resolve(drawn)
  .then(pause)
  .then(() => import('react-dom/client'))
  .then(pause)
  .then(() => import('./app/router'))
  .then(pause)
  .then(() => import('./start'))
