import type { Me } from '@/api/types'
import { useStatus } from './data'

/** Whether the reader may ask, and a model is there to answer. */
export function useCanAsk(me: Me): boolean {
  const status = useStatus()
  return me.user.role !== 'viewer' && status.data?.chat.ready !== false
}
