import clsx from 'clsx'
import { memo, useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { whenIdle } from '../idle'
import { whenNear } from '../near'
import { limits } from '../parse/limits'
import type { typeset as Typeset } from './typeset'

let typeset: typeof Typeset | undefined
const load = () => import('./typeset').then((m) => (typeset = m.typeset))

interface Props {
  text: string
  display: boolean
  /** The mark before it; the source is shown with it. */
  mark: string
  /** Its end is not there yet. */
  open?: boolean
}

const ends: Record<string, string> = { '\\(': '\\)', '\\[': '\\]' }

/** A formula, as TeX until it is drawn and for good when it is wrong. */
export const Formula = memo(function Formula({ text, display, mark, open = false }: Props) {
  const { t } = useTranslation()
  const place = useRef<HTMLSpanElement>(null)
  const box = useRef<HTMLSpanElement>(null)
  const [drawn, setDrawn] = useState('')
  const fits = !open && text.length <= limits.formula && depth(text) <= limits.braces

  useLayoutEffect(() => {
    const el = box.current
    if (!place.current || !el || !fits) return
    let gone = false
    let undo = () => {}
    const draw = () => {
      if (gone) return
      try {
        typeset?.(text, el, display)
        setDrawn(text)
      } catch {
        setDrawn('')
      }
    }
    const later = () => {
      undo = whenIdle(draw)
    }
    const forget = whenNear(place.current, () => {
      if (typeset) later()
      else void load().then(later, () => {})
    })
    return () => {
      gone = true
      undo()
      forget()
    }
  }, [text, display, fits])

  const shown = fits && drawn === text
  const source = <code className={clsx(display && 'block whitespace-pre-wrap', shown && 'hidden')}>{display ? text : `${mark}${text}${ends[mark] ?? mark}`}</code>
  return (
    <span ref={place} className={display ? 'formula' : undefined} {...(display && { role: 'group', tabIndex: 0, 'aria-label': t('markdown.formula') })}>
      <span ref={box} className={clsx(!shown && 'hidden')} />
      {source}
    </span>
  )
})

// How many braces are open at once.
function depth(tex: string): number {
  let now = 0
  let most = 0
  for (const c of tex) {
    if (c === '{') most = Math.max(most, ++now)
    else if (c === '}') now--
  }
  return most
}
