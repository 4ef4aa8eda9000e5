import type { Me, Role } from '@/api/types'
import { isAdmin } from '@/features/auth/session'

/** Who may see a page; the server decides again at each call. */
export const access = {
  admin: isAdmin,
  /** An administrator of the first tenant, who looks after models and the server. */
  host: (me: Me) => isAdmin(me) && me.tenant.operator === true,
  /** An owner of the first tenant, who looks after the tenants. */
  operator: (me: Me) => me.operator,
}

export const roles: readonly Role[] = ['viewer', 'member', 'admin', 'owner']

/** The roles that somebody can give: only an owner makes owners. */
export const grantable = (me: Me): Role[] => roles.filter((r) => r !== 'owner' || me.user.role === 'owner')
