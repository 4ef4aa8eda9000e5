/** The parts of the page, each of them fetched when it is wanted. */
export const pages = {
  shell: () => import('./Shell').then((m) => ({ default: m.Shell })),
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
