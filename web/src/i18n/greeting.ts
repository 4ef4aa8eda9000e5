/** How an empty chat greets. It is apart from the other strings because it is read before they are there. */
export const greeting = {
  en: {
    morning: 'Good morning, {{name}}',
    afternoon: 'Good afternoon, {{name}}',
    evening: 'Good evening, {{name}}',
    lead: 'What can I help you with?',
  },
  de: {
    morning: 'Guten Morgen, {{name}}',
    afternoon: 'Guten Tag, {{name}}',
    evening: 'Guten Abend, {{name}}',
    lead: 'Wobei kann ich helfen?',
  },
}
