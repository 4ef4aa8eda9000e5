import { queryOptions, useQuery, type QueryClient } from '@tanstack/react-query'
import { get, patch } from '@/api/client'
import type { Conversation, Message, Model, Page, Status, TurnStart } from '@/api/types'
import { conversationKey, freshen } from '@/features/conversations/data'
import type { Turn } from './turns'

export const messagesKey = (id: string) => ['messages', id]

export const messagesQuery = (id: string) =>
  queryOptions({
    queryKey: messagesKey(id),
    queryFn: ({ signal }) =>
      get<Page<Message>>(`/v1/conversations/${encodeURIComponent(id)}/messages`, {}, signal).then((page) => page.data),
  })

/** Which models can answer. It asks again by itself while there is none. */
export function useStatus() {
  return useQuery({
    queryKey: ['status'],
    queryFn: () => get<Status>('/v1/status'),
    refetchInterval: (q) => (q.state.data?.chat.ready === false ? 5_000 : false),
  })
}

export function useChatModels() {
  return useQuery({
    queryKey: ['models'],
    staleTime: 60_000,
    queryFn: () => get<Page<Model>>('/v1/models').then((page) => page.data.filter((m) => (m.parley?.kind ?? 'chat') === 'chat')),
  })
}

/** What a message is until the server tells. */
const blank = { model: '', status: 'complete', finish_reason: '', tokens: 0, latency_ms: 0, safety_flags: [], sources: [], grounding: null, feedback: null } satisfies Partial<Message>

/** Writes what the start of a turn has saved into the cache. */
export async function rememberStart(
  client: QueryClient,
  conversation: string,
  start: TurnStart,
  parent: string,
  { question, text = '', temporary = false }: { question?: string; text?: string; temporary?: boolean },
) {
  await client.cancelQueries({ queryKey: messagesKey(conversation) })
  const now = new Date().toISOString()
  const asked = question !== undefined && start.user_message_id
  const added: Message[] = []
  if (asked) {
    added.push({ ...blank, id: asked, conversation_id: conversation, parent_id: parent, role: 'user', text: question, created_at: now })
  }
  added.push({
    ...blank,
    id: start.message_id,
    conversation_id: conversation,
    parent_id: asked || parent,
    role: 'assistant',
    text,
    model: start.model,
    status: 'streaming',
    created_at: now,
  })
  client.setQueryData<Message[]>(messagesKey(conversation), (old = []) => [
    ...old.filter((m) => !added.some((a) => a.id === m.id)),
    ...added,
  ])
  client.setQueryData<Conversation>(conversationKey(conversation), (old) =>
    old
      ? { ...old, leaf_id: start.message_id }
      : {
          id: conversation,
          title: '',
          status: 'active',
          pinned: false,
          leaf_id: start.message_id,
          retention_policy: '',
          folder_id: '',
          temporary,
          created_at: now,
          updated_at: now,
        },
  )
  freshen(client)
}

/** Writes the end of a turn into the cache, and has the server's own record fetched. */
export function rememberEnd(client: QueryClient, conversation: string, id: string, turn: Turn | undefined) {
  if (turn?.done || turn?.fault) {
    client.setQueryData<Message[]>(messagesKey(conversation), (old) =>
      old?.map((m) =>
        m.id !== id
          ? m
          : {
              ...m,
              text: turn.text,
              sources: turn.sources ?? [],
              grounding: turn.grounding ?? null,
              status: turn.fault ? 'failed' : turn.done?.partial ? 'partial' : 'complete',
              finish_reason: turn.done?.finish_reason ?? '',
              tokens: turn.done?.usage.output_tokens ?? 0,
              latency_ms: turn.done?.latency_ms.total ?? 0,
            },
      ),
    )
  }
  refresh(client, conversation)
  // The title of a new conversation is made after its first answer.
  const first = (client.getQueryData<Message[]>(messagesKey(conversation))?.length ?? 0) <= 2
  if (first) for (const ms of [1_500, 6_000]) setTimeout(() => refresh(client, conversation), ms)
}

/** Has everything about a conversation fetched anew. */
export function refresh(client: QueryClient, conversation: string) {
  for (const queryKey of [messagesKey(conversation), conversationKey(conversation)]) void client.invalidateQueries({ queryKey })
  freshen(client)
}

/** Shows another branch: at once here, and on the server so that it stays. */
export async function chooseLeaf(client: QueryClient, conversation: string, leaf: string) {
  await client.cancelQueries({ queryKey: conversationKey(conversation) })
  client.setQueryData<Conversation>(conversationKey(conversation), (old) => old && { ...old, leaf_id: leaf })
  await patch<Conversation>(`/v1/conversations/${encodeURIComponent(conversation)}`, { leaf_id: leaf })
}
