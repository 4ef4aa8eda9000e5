import { Activity, Boxes, Building2, ChartColumn, KeyRound, LayoutDashboard, MailPlus, Shapes, SlidersHorizontal, UsersRound, type LucideIcon } from 'lucide-react'
import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import type { Me } from '@/api/types'
import { access } from './access'
import type { en } from './strings/en'

export interface PageProps {
  me: Me
  /** What the address names after the page: the one whose details are shown. */
  id?: string
}

export interface AdminPageEntry {
  /** Its word in the address. */
  path: string
  title: Exclude<keyof (typeof en)['nav'], 'title' | 'back' | 'menu' | 'sections'>
  icon: LucideIcon
  may: (me: Me) => boolean
  Page: LazyExoticComponent<ComponentType<PageProps>>
}

export interface Section {
  title?: keyof (typeof en)['nav']['sections']
  pages: AdminPageEntry[]
}

/** The pages of the administration, as the navigation lists them. The first is that of the bare address. */
export const sections: Section[] = [
  {
    pages: [
      { path: 'overview', title: 'overview', icon: LayoutDashboard, may: access.admin, Page: lazy(() => import('./overview/OverviewPage')) },
      { path: 'usage', title: 'usage', icon: ChartColumn, may: access.admin, Page: lazy(() => import('./usage/UsagePage')) },
    ],
  },
  {
    title: 'people',
    pages: [
      { path: 'users', title: 'users', icon: UsersRound, may: access.admin, Page: lazy(() => import('./users/UsersPage')) },
      { path: 'invitations', title: 'invitations', icon: MailPlus, may: access.admin, Page: lazy(() => import('./invitations/InvitationsPage')) },
      { path: 'groups', title: 'groups', icon: Shapes, may: access.admin, Page: lazy(() => import('./groups/GroupsPage')) },
      { path: 'keys', title: 'keys', icon: KeyRound, may: access.admin, Page: lazy(() => import('./keys/KeysPage')) },
    ],
  },
  {
    title: 'system',
    pages: [
      { path: 'models', title: 'models', icon: Boxes, may: access.host, Page: lazy(() => import('./models/ModelsPage')) },
      { path: 'defaults', title: 'defaults', icon: SlidersHorizontal, may: access.admin, Page: lazy(() => import('./models/DefaultsPage')) },
      { path: 'health', title: 'health', icon: Activity, may: access.host, Page: lazy(() => import('./health/HealthPage')) },
      { path: 'tenants', title: 'tenants', icon: Building2, may: access.operator, Page: lazy(() => import('./tenants/TenantsPage')) },
    ],
  },
]

/** The sections that somebody may see, without those that would be empty. */
export function sectionsFor(me: Me): Section[] {
  return sections.map((s) => ({ ...s, pages: s.pages.filter((p) => p.may(me)) })).filter((s) => s.pages.length > 0)
}

/** Finds the page of an address; undefined when there is none. */
export function findPage(path: string | undefined): AdminPageEntry | undefined {
  const all = sections.flatMap((s) => s.pages)
  return path === undefined ? all[0] : all.find((p) => p.path === path)
}
