import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Conversation, ConversationPatch } from '@/api/types'
import { toast } from '@/kit/toasts'
import { forgetConversations, freshen, useChangeConversation } from './data'
import { doom, execute, spare } from './doomed'

const says = (err: unknown) => toast({ tone: 'danger', text: errorText(err) })

/** What can be done with chats, one or many. Each is seen at once and can be undone. */
export function useChatActions(onGone: (ids: string[]) => void) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const changeOne = useChangeConversation()

  // One after the other: the server orders them, and a refusal stops with what is done.
  const changeAll = async (list: readonly Conversation[], changeOf: (c: Conversation) => ConversationPatch) => {
    try {
      for (const c of list) await changeOne(c, changeOf(c))
    } catch (err) {
      says(err)
    } finally {
      freshen(client)
    }
  }
  const withUndo = (text: string, list: readonly Conversation[], change: ConversationPatch) => {
    void changeAll(list, () => change)
    const back = (c: Conversation): ConversationPatch => ({
      ...(change.status && { status: c.status }),
      ...(change.folder_id !== undefined && { folder_id: c.folder_id ?? '' }),
    })
    toast({
      text,
      action: { label: t('list.undo'), run: () => void changeAll(list.map((c) => ({ ...c, ...change })), (c) => back(list.find((old) => old.id === c.id) ?? c)) },
    })
  }

  return {
    change: (c: Conversation, change: ConversationPatch) => void changeAll([c], () => change),
    archive: (list: readonly Conversation[], archived: boolean) => {
      const count = list.length
      withUndo(archived ? t('list.wasArchived', { count }) : t('list.wasMoved', { count }), list, { status: archived ? 'archived' : 'active' })
      if (archived) onGone(list.map((c) => c.id))
    },
    move: (list: readonly Conversation[], folder: { id: string; name: string } | null) => {
      const moved = list.filter((c) => (c.folder_id ?? '') !== (folder?.id ?? ''))
      if (moved.length === 0) return
      withUndo(folder ? t('folders.movedTo', { name: folder.name }) : t('folders.takenOut'), moved, { folder_id: folder?.id ?? '' })
    },
    remove: (list: readonly Conversation[]) => {
      const ids = list.map((c) => c.id)
      doom(ids)
      onGone(ids)
      const end = async () => {
        const { failed, error } = await execute(ids)
        forgetConversations(client, ids.filter((id) => !failed.includes(id)))
        spare(ids)
        if (failed.length > 0) says(error)
      }
      toast({ text: t('list.wasDeleted', { count: ids.length }), action: { label: t('list.undo'), run: () => spare(ids) }, onEnd: () => void end() })
    },
  }
}

export type ChatActions = ReturnType<typeof useChatActions>
