import { Tooltip as Radix } from 'radix-ui'
import { useEffect, useState } from 'react'

type Side = 'top' | 'bottom' | 'left' | 'right'

/**
 * What makes an element have a tooltip: a word about it, on hover and on focus. It still needs its own accessible name.
 * There is one tooltip for the whole page, since one for each button would be most of what is drawn.
 */
export function tip(text: string, keys?: string, side?: Side) {
  return { 'data-tip': text, 'data-tip-keys': keys, 'data-tip-side': side }
}

// How long the pointer rests before it is shown and how long it may be on its way to the tooltip, in milliseconds.
const rest = 400
const away = 120

/** Shows the tooltip of whatever has one. It stands once in a page. */
export function Tooltips() {
  const at = useTipped()
  if (!at) return null
  const { left, top, width, height } = at.getBoundingClientRect()
  return (
    <Radix.Provider>
      <Radix.Root open>
        <Radix.Trigger asChild>
          <span aria-hidden="true" className="pointer-events-none fixed" style={{ left, top, width, height }} />
        </Radix.Trigger>
        <Radix.Portal>
          <Radix.Content
            key={at.dataset.tip}
            data-tooltip=""
            side={(at.dataset.tipSide as Side | undefined) ?? 'bottom'}
            sideOffset={6}
            collisionPadding={8}
            className="z-50 flex max-w-80 animate-fade items-center gap-2 rounded-sm bg-text px-2 py-1 text-xs text-canvas shadow-mid select-none"
          >
            {at.dataset.tip}
            {at.dataset.tipKeys && <kbd className="font-sans opacity-70">{at.dataset.tipKeys}</kbd>}
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </Radix.Provider>
  )
}

/** The element whose tooltip is shown. */
function useTipped(): HTMLElement | undefined {
  const [shown, setShown] = useState<HTMLElement>()
  useEffect(() => {
    let next: HTMLElement | undefined
    let timer = 0
    const show = (el: HTMLElement | undefined, delay: number) => {
      if (el === next) return
      next = el
      clearTimeout(timer)
      timer = window.setTimeout(() => setShown(el?.isConnected ? el : undefined), delay)
    }
    const hide = () => {
      next = undefined
      clearTimeout(timer)
      setShown(undefined)
    }
    const tipped = (e: Event) => (e.target instanceof Element ? e.target.closest<HTMLElement>('[data-tip]:not([aria-expanded="true"])') : null) ?? undefined
    const listeners = {
      pointerover: (e: PointerEvent) => {
        if (e.pointerType === 'touch') return
        // On the tooltip itself it stays.
        if (e.target instanceof Element && e.target.closest('[data-tooltip]')) return clearTimeout(timer)
        const el = tipped(e)
        show(el, el ? rest : away)
      },
      focusin: (e: FocusEvent) => {
        const el = tipped(e)
        if (el?.matches(':focus-visible')) show(el, 0)
      },
      focusout: hide,
      pointerdown: hide,
      keydown: hide,
      scroll: hide,
    }
    const entries = Object.entries(listeners) as [string, EventListener][]
    for (const [name, fn] of entries) document.addEventListener(name, fn, { capture: true, passive: true })
    return () => {
      clearTimeout(timer)
      for (const [name, fn] of entries) document.removeEventListener(name, fn, { capture: true })
    }
  }, [])
  return shown
}
