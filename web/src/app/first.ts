import { peek } from '@/api/early'
import type { Me } from '@/api/types'
import { greet, look } from '@/features/chat/greet'
import { greeting } from '@/i18n/greeting'
import { preferredLanguage } from '@/i18n/languages'
import { sidebarBeside } from './room'

/**
 * Draws an empty chat in the place of the splash, for who is signed in, as soon as the server has told who that is: on
 * a slow network that is a second before React is there, which then draws the same over it.
 */
export async function drawFirst() {
  const root = document.getElementById('root')
  const answer = await peek('/v1/me')
  if (!root || !answer?.ok || new URLSearchParams(location.search).has('temporary')) return
  const me = (await answer.json()) as Me
  if (!root.querySelector(':scope > .splash')) return // React was faster
  const { time, first } = greet(me.user.name)
  const language = preferredLanguage()
  const words = greeting[language]
  const field = make('div', `${look.field} border-line`, make('div', 'h-10'))
  const page = make(
    'div',
    'flex h-full',
    ...(sidebarBeside() ? [make('div', 'w-68 shrink-0 border-e border-line bg-side')] : []),
    make(
      'main',
      look.main,
      make('div', 'h-13 shrink-0'),
      make('div', look.room, make('p', look.greeting, words[time].replace('{{name}}', first)), make('p', look.lead, words.lead)),
      make('div', look.below, make('div', look.column, field, make('p', look.hint, '\u00a0'))),
    ),
  )
  root.replaceChildren(page)
  document.documentElement.lang = language
}

function make(tag: string, className: string, ...inside: (string | Node)[]) {
  const element = document.createElement(tag)
  element.className = className
  element.append(...inside)
  return element
}
