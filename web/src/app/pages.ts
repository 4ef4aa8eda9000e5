import { sidebarBeside } from './room'

/** For what is fetched ahead: whoever needs it tells of a failure. */
export const quietly = () => {}

export const sidebar = () => import('@/features/conversations/Sidebar').then((m) => ({ default: m.Sidebar }))

// The chat is drawn once, with its sidebar where that stands beside it. A phone fetches the sidebar when it is wanted.
async function shell() {
  const beside = sidebarBeside()
  if (beside) sidebar().catch(quietly) // at the same time as the chat, which tells of a failure
  const { Shell, Sidebar } = await import('./Shell')
  if (beside) await Sidebar.preload?.()?.catch(quietly)
  return { default: Shell }
}

/** The parts of the page, each of them fetched when it is wanted. */
export const pages = {
  shell,
  admin: () => import('./Admin').then((m) => ({ default: m.Admin })),
  signIn: () => import('@/features/auth/SignInPage').then((m) => ({ default: m.SignInPage })),
  setup: () => import('@/features/setup/SetupPage').then((m) => ({ default: m.SetupPage })),
  join: () => import('@/features/auth/JoinPage').then((m) => ({ default: m.JoinPage })),
  shared: () => import('@/features/sharing/SharedPage').then((m) => ({ default: m.SharedPage })),
}
type Page = keyof typeof pages

const places: Record<string, Page> = { 'sign-in': 'signIn', setup: 'setup', join: 'join', share: 'shared', admin: 'admin' }

/** The part that an address is likely to want first. */
export const pageAt = (path: string): Page => places[path.split('/')[1] ?? ''] ?? 'shell'

/** What each part has to know before it can be drawn. */
export const questions: Partial<Record<Page, '/v1/me' | '/v1/auth/options'>> = {
  shell: '/v1/me',
  admin: '/v1/me',
  signIn: '/v1/auth/options',
  setup: '/v1/auth/options',
}
