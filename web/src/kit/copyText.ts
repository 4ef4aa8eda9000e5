/** Puts text on the clipboard and tells whether it is there. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // Over plain HTTP on another host the browser offers no clipboard; the old command still works.
    const area = document.createElement('textarea')
    area.value = text
    area.setAttribute('readonly', '')
    area.className = 'fixed -top-96'
    // Inside a dialog the focus is trapped, so the field has to be part of it.
    const home = document.activeElement?.closest('[role="dialog"]') ?? document.body
    const before = document.activeElement
    home.append(area)
    area.select()
    const ok = document.execCommand('copy')
    area.remove()
    if (before instanceof HTMLElement) before.focus()
    return ok
  }
}
