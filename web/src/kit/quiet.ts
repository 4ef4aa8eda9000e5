/** Does something once the page has nothing else to do. */
export function whenQuiet(work: () => void) {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(work, { timeout: 3_000 })
  else setTimeout(work, 300)
}
