// The shapes of the administration's API by the names that its pages have for them; see api/types.
import type { components } from '@/api/schema'
import type { Session } from '@/api/types'

export type { Session }

type Schemas = components['schemas']

export type User = Schemas['User']
export type UserPage = Schemas['UserList']
export type UserPatch = Partial<Pick<User, 'name' | 'role' | 'groups' | 'disabled'>> & { password?: string }
export type Invitation = Schemas['Invitation']
/** A new invitation with its link, which is not told again. */
export type NewInvitation = Schemas['CreatedInvitation']
export type Group = Schemas['Group']
export type OwnedKey = Schemas['OwnedKey']
export type Tenant = Schemas['Tenant']

/** A model of the catalogue, or a file that somebody put into the models folder. */
export type Model = Schemas['ManagedModel']
export type Tuned = Schemas['TunedModel']
export type ModelState = Model['state']
export type Progress = Schemas['DownloadProgress']
/** The libraries that run models. Without them none can be loaded. */
export type Engine = Schemas['ManagedEngine']
export type Catalogue = Schemas['ModelCatalogue']
/** The default chat model: for everybody, and for each role that has one of its own. */
export type ChatDefaults = Schemas['RoleDefaults']

export type Health = Schemas['HealthReport']
export type Check = Schemas['HealthCheck']
/** Of the machine, or of the container if that has less; 0 where the system does not tell. */
export type Memory = Schemas['MemoryHealth']

export type Usage = Schemas['Report']
export type UsageRow = Schemas['ReportRow']
export type UsageFigures = Schemas['Figures']
export type UsageBy = Usage['by']
export const usageKinds: readonly UsageBy[] = ['day', 'user', 'model', 'surface']
