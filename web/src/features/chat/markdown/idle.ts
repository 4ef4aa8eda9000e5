// Work that can wait, in pieces, done when the page has nothing else to do. A slice ends as soon as the browser
// wants the time back, and after 8 ms at the latest.
const slice = 8

const queue: (() => void)[] = []
let due = false

/** Does a small piece of work later. The function that is returned takes it back. */
export function whenIdle(work: () => void): () => void {
  queue.push(work)
  plan()
  return () => {
    const i = queue.indexOf(work)
    if (i >= 0) queue.splice(i, 1)
  }
}

function plan() {
  if (due) return
  due = true
  if (typeof requestIdleCallback === 'function') requestIdleCallback(run, { timeout: 400 })
  else setTimeout(run, 16)
}

function run(deadline?: IdleDeadline) {
  due = false
  const end = performance.now() + Math.min(slice, Math.max(deadline?.timeRemaining() ?? slice, 2))
  do queue.shift()?.()
  while (queue.length > 0 && performance.now() < end)
  if (queue.length > 0) plan()
}
