import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Feedback, Message } from '@/api/types'
import { toast } from '@/kit/toasts'
import { useMessageChanges } from './messages'

/** What can be done with a message without asking anew. What fails is said in a toast. */
export function useRowActions(m: Message) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const changes = useMessageChanges()
  const says = (err: unknown) => toast({ tone: 'danger', text: errorText(err) })
  return {
    save: (text: string) => void changes.rewrite(m, text).catch(says),
    rate: (feedback: Feedback | null) => void changes.rate(m, feedback).catch(says),
    fork: () =>
      void changes.fork(m).then((id) => {
        void navigate({ to: '/c/$id', params: { id } })
        toast({ text: t('actions.forked') })
      }, says),
  }
}
