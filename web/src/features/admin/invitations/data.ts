import { useQuery, useQueryClient } from '@tanstack/react-query'
import { del, get, post } from '@/api/client'
import type { Page, Role } from '@/api/types'
import type { Tone } from '../kit/Badge'
import type { Invitation, NewInvitation } from '../types'

export const tones: Record<Invitation['state'], Tone> = { pending: 'good', accepted: 'plain', expired: 'warn' }

const key = ['admin', 'invitations']

export const useInvitations = () => useQuery({ queryKey: key, queryFn: ({ signal }) => get<Page<Invitation>>('/v1/admin/invitations', {}, signal).then((p) => p.data) })

export interface InvitationForm {
  email: string
  name: string
  role: Role
  groups: string[]
  expires_in_days: number
}

/** Returns functions that make and revoke invitations and keep the list true. */
export function useInviting() {
  const client = useQueryClient()
  const changed = () => client.invalidateQueries({ queryKey: key })
  const remove = (id: string) => del(`/v1/admin/invitations/${encodeURIComponent(id)}`)
  const invite = (form: InvitationForm) => post<NewInvitation>('/v1/admin/invitations', { ...form, name: form.name || undefined })
  return {
    invite: (form: InvitationForm) => invite(form).finally(() => void changed()),
    remove: (id: string) => remove(id).finally(() => void changed()),
    /** Replaces an invitation by one with a new link. */
    again: async ({ id, email, name, role, groups }: Invitation) => {
      try {
        await remove(id)
        return await invite({ email, name, role, groups, expires_in_days: 7 })
      } finally {
        void changed()
      }
    },
  }
}
