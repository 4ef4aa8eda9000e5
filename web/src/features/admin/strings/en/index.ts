import type { Same } from '@/i18n/en'
import * as people from './people'
import * as running from './running'

/** The strings of the administration, in English. They are loaded with it. */
export const en = {
  nav: {
    title: 'Administration',
    back: 'Back to your chats',
    menu: 'Open the navigation',
    sections: { people: 'People', system: 'System' },
    overview: 'Overview',
    users: 'Users',
    invitations: 'Invitations',
    groups: 'Groups',
    keys: 'API keys',
    models: 'Models',
    defaults: 'Default models',
    usage: 'Usage',
    health: 'Health',
    tenants: 'Tenants',
  },
  kit: {
    skip: 'Skip to the content',
    loading: 'Loading…',
    close: 'Close',
    back: 'Back to the list',
    cancel: 'Cancel',
    save: 'Save',
    saved: 'Saved.',
    discard: 'Discard',
    done: 'Done',
    undo: 'Undo',
    retry: 'Try again',
    more: 'Show more',
    any: 'Any',
    sort: 'Sort',
    clear: 'Clear',
    none: 'Nothing matches',
    noneText: 'Search for something else, or clear the filters.',
    actions: 'Actions',
    remove: 'Remove {{name}}',
    generate: 'Generate',
    typeToConfirm: 'Type {{word}} to go on.',
    copyCommand: 'Copy the command',
  },
  refused: {
    title: 'This is not for your account',
    member: 'The administration is for administrators and owners. Ask one of them if you need something changed.',
    host: 'This page is for those who run this Parley. Ask them if you need something changed.',
    missing: 'There is nothing here',
    missingText: 'The address may be mistyped, or the page was moved.',
  },
  roles: { viewer: 'Viewer', member: 'Member', admin: 'Administrator', owner: 'Owner' },
  roleHints: {
    viewer: 'Reads chats, but does not ask.',
    member: 'Chats, and makes API keys.',
    admin: 'Also looks after users, groups and keys.',
    owner: 'May do everything, also to other owners.',
  },
  ...people,
  ...running,
}

/** What another language must have. */
export type AdminStrings = Same<typeof en>
