import type { Section } from './section'
import { details } from './sections/admin/detail'
import { lists } from './sections/admin/list'
import { buttons } from './sections/buttons'
import { parts } from './sections/chat/answers'
import { messages } from './sections/chat/messages'
import { sidebar } from './sections/chat/sidebar'
import { writing } from './sections/chat/writing'
import { dialogs } from './sections/dialogs'
import { fields } from './sections/fields'
import { knowledge } from './sections/knowledge'
import { loading } from './sections/loading'
import { touched } from './sections/looks'
import { menus } from './sections/menus'
import { notices } from './sections/notices'
import { toasts } from './sections/toasts'

/** A chapter of the gallery. */
export interface Chapter {
  name: string
  sections: Section[]
}

/** What the gallery shows, in its order. */
export const chapters: Chapter[] = [
  { name: 'Kit', sections: [...buttons, ...fields, ...touched, ...notices, ...loading, ...menus, ...dialogs, ...toasts] },
  { name: 'Chat', sections: [...messages, ...parts, ...writing] },
  { name: 'Sidebar', sections: sidebar },
  { name: 'Knowledge', sections: knowledge },
  { name: 'Administration', sections: [...lists, ...details] },
]
