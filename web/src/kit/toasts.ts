export interface Toast {
  id: number
  text: string
  tone?: 'plain' | 'danger'
  action?: { label: string; run: () => void }
  /** It went away, and its action was not taken. */
  onEnd?: () => void
}

let toasts: readonly Toast[] = []
let next = 1
const listeners = new Set<() => void>()

function set(list: readonly Toast[]) {
  toasts = list
  listeners.forEach((fn) => fn())
}

/** Shows a short message that goes away by itself. At most three are shown. */
export function toast(t: Omit<Toast, 'id'>) {
  const kept = toasts.filter((other) => other.text !== t.text).slice(-2)
  const gone = toasts.filter((other) => !kept.includes(other))
  set([...kept, { ...t, id: next++ }])
  gone.forEach((other) => other.onEnd?.())
}

export function dismiss(id: number) {
  const gone = toasts.find((t) => t.id === id)
  set(toasts.filter((t) => t.id !== id))
  gone?.onEnd?.()
}

/** Takes the action of a toast, which then goes away. */
export function act(id: number) {
  const taken = toasts.find((t) => t.id === id)
  set(toasts.filter((t) => t.id !== id))
  taken?.action?.run()
}

export const toastStore = {
  subscribe: (fn: () => void) => {
    listeners.add(fn)
    return () => void listeners.delete(fn)
  },
  get: () => toasts,
}
