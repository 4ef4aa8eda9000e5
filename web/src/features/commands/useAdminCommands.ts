import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from '@/i18n/useTranslation'
import type { Me } from '@/api/types'
import { loadPages } from '@/features/admin/load'
import { isAdmin } from '@/features/auth/session'
import type { Command } from './useCommands'

/** The pages of the administration that the reader may see; none until their names are here. */
export function useAdminCommands(me: Me): Command[] {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const pages = useQuery({ queryKey: ['admin-pages'], queryFn: loadPages, staleTime: Infinity, enabled: isAdmin(me) }).data
  if (!pages) return []
  return pages.sectionsFor(me).flatMap((section) =>
    section.pages.map(({ path, title, icon }) => ({
      id: `admin-${path}`,
      group: 'admin' as const,
      icon,
      name: t(`nav.${title}`),
      also: t('nav.title'),
      run: () => void navigate({ to: '/admin/{-$page}/{-$id}', params: { page: path, id: undefined }, search: {} }),
    })),
  )
}
