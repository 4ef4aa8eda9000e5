import type { Section } from './section'
import { buttons } from './sections/buttons'
import { dialogs } from './sections/dialogs'
import { fields } from './sections/fields'
import { loading } from './sections/loading'
import { menus } from './sections/menus'
import { notices } from './sections/notices'
import { toasts } from './sections/toasts'

/** What the gallery shows, in its order. */
export const sections: Section[] = [...buttons, ...fields, ...notices, ...loading, ...menus, ...dialogs, ...toasts]
