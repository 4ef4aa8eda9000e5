import { asker } from './asker'
import { clearAttachments } from './attachments'
import { clearDrafts } from './drafts'
import { clearPairs } from './pairs'
import { clearQueues } from './queue'
import { turns } from './turns'

/** Forgets the answers that are on their way. */
export function forgetTurns() {
  turns.clear()
  asker.clear()
}

/** Forgets what was typed and not sent. */
export function forgetWriting() {
  clearDrafts()
  clearQueues()
  clearAttachments()
  clearPairs()
}
