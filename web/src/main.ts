// Begins what the page waits for, all at once: the server's first answer, the scripts, the strings. It imports
// nothing large, so that the browser has it before anything else.
import { begin } from './api/early'
import { pageAt, pages, questions, quietly } from './app/pages'
import { loadStrings, preferredLanguage } from './i18n/languages'
import './styles/base.css'

const page = pageAt(location.pathname)
const question = questions[page]
if (question) begin(question)

void import('./start')
pages[page]().catch(quietly)
loadStrings[preferredLanguage()]?.().catch(quietly)
