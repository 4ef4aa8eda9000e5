import { useQueryClient } from '@tanstack/react-query'
import { del, patch, post, put } from '@/api/client'
import type { Conversation, Feedback, Message } from '@/api/types'
import { conversationPath, freshen } from '@/features/conversations/data'
import { messagesKey } from './data'

const path = (id: string) => `/v1/messages/${encodeURIComponent(id)}`

/** Returns functions that change a message: at once on the page, back again when the server refuses. */
export function useMessageChanges() {
  const client = useQueryClient()
  const change = async (m: Message, now: Partial<Message>, call: () => Promise<Message>) => {
    const show = (next: Partial<Message>) =>
      client.setQueryData<Message[]>(messagesKey(m.conversation_id), (old) => old?.map((one) => (one.id === m.id ? { ...one, ...next } : one)))
    await client.cancelQueries({ queryKey: messagesKey(m.conversation_id) })
    show(now)
    try {
      show(await call())
    } catch (err) {
      show(m)
      throw err
    }
  }
  return {
    /** Changes the text in place; nothing is asked again. */
    rewrite: (m: Message, text: string) => change(m, { text, edited_at: new Date().toISOString() }, () => patch<Message>(path(m.id), { text })),
    /** Null takes the rating back. */
    rate: (m: Message, feedback: Feedback | null) =>
      change(m, { feedback: feedback && { reason: '', comment: '', ...feedback, created_at: new Date().toISOString() } }, () => (feedback ? put<Message>(`${path(m.id)}/feedback`, feedback) : del(`${path(m.id)}/feedback`).then(() => ({ ...m, feedback: null })))),
    /** Makes a new chat that ends with this message. */
    fork: async (m: Message) => {
      const made = await post<Conversation>(`${conversationPath(m.conversation_id)}/fork`, { message_id: m.id })
      freshen(client)
      return made.id
    },
  }
}
