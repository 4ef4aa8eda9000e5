/** The id of the live region that App renders. */
export const liveRegionId = 'live'

/** Has a screen reader say something, politely. The same words twice are said twice. */
export function announce(text: string) {
  const region = document.getElementById(liveRegionId)
  if (!region) return
  region.textContent = ''
  setTimeout(() => {
    region.textContent = text
  }, 50)
}
