export interface Toast {
  id: number
  text: string
  tone?: 'plain' | 'danger'
  action?: { label: string; run: () => void }
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
  const same = toasts.filter((other) => other.text !== t.text)
  set([...same.slice(-2), { ...t, id: next++ }])
}

export function dismiss(id: number) {
  set(toasts.filter((t) => t.id !== id))
}

export const toastStore = {
  subscribe: (fn: () => void) => {
    listeners.add(fn)
    return () => void listeners.delete(fn)
  },
  get: () => toasts,
}
