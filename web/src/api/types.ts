// The shapes of the native API by the names that the page has for them. They are those of schema.ts, which is
// generated from the server's own description (make api-types).
import type { components } from './schema'

type Schemas = components['schemas']

export type Role = Schemas['Role']
export type Permission = Schemas['Permission']
export type Me = Schemas['Me']
export type AuthOptions = Schemas['Options']
export type TenantChoice = Schemas['TenantChoice']
/** What an invitation tells whoever holds its link. */
export type Invited = Schemas['Invited']
export type Session = Schemas['Session']
export type Key = Schemas['Key']
export type CreatedKey = Schemas['CreatedKey']
export type Status = Schemas['ServerStatus']

export type Model = Schemas['OpenAIModel']
/** What is known of a model beyond its id. */
export type ModelFacts = Schemas['OpenAIModelExtra']

export type Conversation = Schemas['Conversation']
export type ConversationPatch = Partial<Pick<Conversation, 'title' | 'status' | 'pinned' | 'leaf_id' | 'folder_id'>>
export type Folder = Schemas['Folder']
export type SearchHit = Schemas['Hit']
export type ImportResult = Schemas['Imported']

export type Message = Schemas['Message']
export type Feedback = Schemas['Rating']
export type FeedbackReason = Exclude<Schemas['Reason'], ''>

export type Share = Schemas['Share']
export type ShareRequest = Schemas['NewShare']
export type SharePreview = Schemas['Draft']
export type SharedChat = Schemas['Shared']

export type KnowledgeBase = Schemas['Store']
export type KnowledgeFile = Schemas['StoreFile']
export type KnowledgeText = Schemas['Text']
export type Explained = Schemas['Explained']
export type Grant = Schemas['Grant']
/** A place that an answer rests on. */
export type Source = Schemas['Source']
export type Grounding = Schemas['Grounding']

export type Prompt = Schemas['Prompt']
export type Usage = Schemas['Report']

export type TurnRequest = Schemas['TurnRequest']
export type TurnStart = Schemas['Start']
export type TurnDone = Schemas['Done']
export type TurnFault = Schemas['EventError']
/** One event of a turn: exactly one of the fields is set. */
export type TurnEvent = Schemas['Event']

/** A list, or a page of one. */
export interface Page<T> {
  data: T[]
  next_cursor?: string
}
