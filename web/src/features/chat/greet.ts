// Read before React is there, by app/first.ts: it imports nothing.

/** The greeting that an hour wants, and the name that it is said to. */
export function greet(name: string, now = new Date()) {
  const hour = now.getHours()
  const time = hour >= 4 && hour < 12 ? 'morning' : hour >= 12 && hour < 18 ? 'afternoon' : 'evening'
  return { time, first: name.trim().split(/\s+/)[0] ?? '' } as const
}

/** How an empty chat looks, from its header to the field to write in. */
export const look = {
  main: 'relative flex min-w-0 flex-1 flex-col outline-none',
  room: 'flex flex-1 flex-col items-center justify-center px-6 pb-8 text-center sm:justify-end',
  greeting: 'text-2xl font-semibold tracking-tight text-balance',
  lead: 'mt-1.5 text-lg text-muted',
  below: 'pb-[34vh] max-sm:pb-0',
  column: 'mx-auto w-full max-w-read px-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-4',
  field: 'relative rounded-xl border bg-raised p-2 shadow-mid transition-colors focus-within:border-edge',
  hint: 'pt-2 text-center text-xs text-muted',
}
