import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, Outlet, parseSearchWith, stringifySearchWith } from '@tanstack/react-router'
import { useTranslation } from '@/i18n/useTranslation'
import { Crash } from './Crash'
import { pages } from './pages'

const Shell = lazyRouteComponent(pages.shell)
const Admin = lazyRouteComponent(pages.admin)
const SignInPage = lazyRouteComponent(pages.signIn)
const SetupPage = lazyRouteComponent(pages.setup)
const JoinPage = lazyRouteComponent(pages.join)
const SharedPage = lazyRouteComponent(pages.shared)

type Search = Record<string, unknown>
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
const yes = (value: unknown) => (value === true || value === 'true' ? true : undefined)

const root = createRootRoute({ component: Outlet, notFoundComponent: Missing, errorComponent: Crash })

const shared = createRoute({ getParentRoute: () => root, path: '/share/$token', component: SharedPage })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignInPage,
  validateSearch: (s: Search): { next?: string; auth_error?: string; expired?: boolean } => ({
    next: text(s.next),
    auth_error: text(s.auth_error),
    expired: yes(s.expired),
  }),
})

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: SetupPage,
  validateSearch: (s: Search) => ({ token: text(s.token) ?? '' }),
})

const join = createRoute({
  getParentRoute: () => root,
  path: '/join',
  component: JoinPage,
  validateSearch: (s: Search) => ({ token: text(s.token) ?? '' }),
})

// One route for all its pages: which there are is known to the part that is loaded on demand.
const admin = createRoute({
  getParentRoute: () => root,
  path: '/admin/{-$page}/{-$id}',
  component: Admin,
  validateSearch: (s: Search): Record<string, string | undefined> => Object.fromEntries(Object.entries(s).filter((e): e is [string, string] => text(e[1]) !== undefined)),
})

// The shell draws the chat itself, so that nothing is lost when a new chat gets its address.
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })

const newChat = createRoute({
  getParentRoute: () => shell,
  path: '/',
  validateSearch: (s: Search): { auth_error?: string; temporary?: boolean; folder?: string } => ({
    auth_error: text(s.auth_error),
    temporary: yes(s.temporary),
    folder: text(s.folder),
  }),
})

const oneChat = createRoute({
  getParentRoute: () => shell,
  path: '/c/$id',
  validateSearch: (s: Search): { m?: string } => ({ m: text(s.m) }),
})

export const router = createRouter({
  routeTree: root.addChildren([signIn, setup, join, shared, admin, shell.addChildren([newChat, oneChat])]),
  // Values stay text: a token that looks like a number is still a token.
  parseSearch: parseSearchWith((value) => value),
  stringifySearch: stringifySearchWith(String),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

function Missing() {
  const { t } = useTranslation()
  return (
    <main id="main" className="flex h-full flex-col items-center justify-center gap-2 p-6 text-center">
      <h1 className="text-xl font-semibold">{t('app.missingTitle')}</h1>
      <p className="text-muted">{t('app.missingText')}</p>
      <Link to="/" className="mt-3 text-accent underline underline-offset-4">
        {t('app.home')}
      </Link>
    </main>
  )
}
