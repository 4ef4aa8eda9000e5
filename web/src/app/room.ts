import { settings } from '@/kit/storage'

const key = 'parley.sidebar'

/** Whether the sidebar has room beside the chat. */
export const wide = matchMedia('(min-width: 800px)')

/** Whether the reader wants it there. */
export const sidebarWanted = () => settings.get(key) !== 'closed'

/** Whether it stands there at the beginning. */
export const sidebarBeside = () => wide.matches && sidebarWanted()

export const wantSidebar = (open: boolean) => settings.set(key, open ? 'open' : 'closed')
