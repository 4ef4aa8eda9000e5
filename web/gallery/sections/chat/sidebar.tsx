import { AccountMenu } from '@/app/AccountMenu'
import { ConversationRow } from '@/features/conversations/ConversationRow'
import type { ListActions } from '@/features/conversations/ConversationList'
import { FolderRow } from '@/features/conversations/FolderRow'
import { GroupRow } from '@/features/conversations/GroupRow'
import { Hit } from '@/features/conversations/Hit'
import { Rename } from '@/features/conversations/Rename'
import { SelectionBar } from '@/features/conversations/SelectionBar'
import { conversation, folder, me } from '../../data'
import { Case, long, nothing, State, type Section } from '../../section'

const actions: ListActions = { change: nothing, archive: nothing, move: nothing, remove: nothing, share: nothing, newFolder: nothing, select: nothing, toggle: nothing }
const folders = [folder('Harbour', 12), folder('Recipes')]
const row = { open: false, folders, onChosen: nothing, actions }
const folderRow = { holdsOpen: false, onOpen: nothing, onRename: nothing, onDelete: nothing, onDrop: nothing }
const chosen = { chosen: [conversation('Tides')], archived: false, folders, allChosen: false, onAll: nothing, onEnd: nothing, actions }

function Chats() {
  return (
    <>
      <Case name="at rest, with its menu">
        <State at="button" opens="menu">
          <ConversationRow {...row} conversation={conversation('Tides and the moon')} />
        </State>
      </Case>
      <Case name="under the pointer">
        <State at="[role=presentation]" look="hover">
          <ConversationRow {...row} conversation={conversation('Tides under the pointer')} />
        </State>
      </Case>
      <Case name="with the focus">
        <State at="a" look="focus">
          <ConversationRow {...row} conversation={conversation('Tides in focus')} />
        </State>
      </Case>
      <Case name="open, long text">
        <ConversationRow {...row} conversation={conversation(long, { pinned: true })} open />
      </Case>
      <Case name="from right to left">
        <ConversationRow {...row} conversation={conversation('المد والجزر')} />
      </Case>
      <Case name="being renamed">
        <Rename title="Tides" onEnd={nothing} />
      </Case>
      <Case name="to be chosen">
        <ConversationRow {...row} conversation={conversation('A recipe for bread')} selected={false} />
      </Case>
      <Case name="chosen">
        <ConversationRow {...row} conversation={conversation('Tides, chosen')} selected />
      </Case>
    </>
  )
}

export const sidebar: Section[] = [
  { of: { ConversationRow, Rename }, Cases: Chats },
  {
    of: { FolderRow },
    Cases: () => (
      <>
        <Case name="with chats">
          <FolderRow {...folderRow} folder={folder('Harbour', 12)} />
        </Case>
        <Case name="under the pointer">
          <State at="[role=presentation]" look="hover">
            <FolderRow {...folderRow} folder={folder('Recipes')} />
          </State>
        </Case>
        <Case name="holds the open chat, long text">
          <FolderRow {...folderRow} folder={folder(long, 3)} holdsOpen />
        </Case>
      </>
    ),
  },
  {
    of: { GroupRow },
    Cases: () => (
      <>
        {['folders', 'pinned', 'yesterday', '2026-03'].map((name) => (
          <Case key={name} name={name}>
            <GroupRow name={name} onNewFolder={nothing} />
          </Case>
        ))}
      </>
    ),
  },
  {
    of: { SelectionBar },
    Cases: () => (
      <>
        <Case name="one chosen">
          <SelectionBar {...chosen} />
        </Case>
        <Case name="none chosen">
          <SelectionBar {...chosen} chosen={[]} />
        </Case>
        <Case name="all of the archive">
          <SelectionBar {...chosen} archived allChosen />
        </Case>
      </>
    ),
  },
  {
    of: { Hit },
    Cases: () => (
      <>
        <Case name="in a question">
          <Hit q="tides" hit={{ conversation_id: 'c', message_id: 'm', title: 'The moon', role: 'user', snippet: 'What makes the tides?', created_at: '2026-11-23T12:00:00Z' }} />
        </Case>
        <Case name="in an answer, long text">
          <Hit q="moon bread" hit={{ conversation_id: 'c', message_id: 'm', title: long, role: 'assistant', snippet: long, created_at: '2026-11-23T12:00:00Z' }} />
        </Case>
      </>
    ),
  },
  {
    of: { AccountMenu },
    Cases: () => (
      <Case name="an administrator’s">
        <State at="button" opens="menu">
          <AccountMenu me={me} onSettings={nothing} onArchive={nothing} onPrompts={nothing} onKnowledge={nothing} onAdmin={nothing} onSignOut={nothing} />
        </State>
      </Case>
    ),
  },
]
