import type { Same } from './en'
import type { enCommands } from './en-commands'

export const deCommands: Same<typeof enCommands> = {
  commands: {
    title: 'Suche und Befehle',
    placeholder: 'Chats durchsuchen oder einen Befehl tippen',
    chats: 'Chats',
    messages: 'Nachrichten',
    answerCopied: 'Die Antwort wurde kopiert.',
    whileTyping: 'Beim Schreiben',
    theme: 'Farben: {{theme}}',
    language: 'Sprache: {{language}}',
    switch: 'Tastenkürzel',
    switchText: 'Schalte sie aus, wo sie denen deines Browsers in die Quere kommen. Dieser Browser merkt es sich.',
    on: 'Ein',
    off: 'Aus',
    group: { chat: 'Chat', page: 'Seite', look: 'Darstellung', admin: 'Verwaltung' },
    name: {
      newChat: 'Neuer Chat',
      temporary: 'Temporärer Chat ein oder aus',
      copyAnswer: 'Letzte Antwort kopieren',
      stop: 'Antwort anhalten',
      composer: 'Nachricht schreiben',
      palette: 'Suche und Befehle',
      sidebar: 'Seitenleiste ein- oder ausblenden',
      settings: 'Einstellungen',
      prompts: 'Prompt-Sammlung',
      sheet: 'Tastenkürzel',
      signOut: 'Abmelden',
    },
    typing: { send: 'Nachricht senden', newLine: 'Neue Zeile', saveEdit: 'Bearbeitete Nachricht speichern', close: 'Offenes schließen' },
    key: { control: 'Strg', shift: 'Umschalt', escape: 'Esc', enter: 'Eingabe' },
  },
}
