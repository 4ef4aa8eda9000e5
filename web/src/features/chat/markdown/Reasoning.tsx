import clsx from 'clsx'
import { Brain, ChevronRight } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import Markdown from './Markdown'

interface Props {
  text: string
  /** More is on its way. */
  thinking: boolean
  /** How long it took, when that is known; else the time is taken here while it is watched. */
  seconds?: number
}

/** What a model thought before its answer, behind a line that tells for how long. */
export function Reasoning({ text, thinking, seconds }: Props) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const id = useId()
  const watched = useSeconds(thinking)
  const took = seconds ?? watched
  const words = thinking ? t('reasoning.now') : took === undefined ? t('reasoning.done') : t('reasoning.took', { count: Math.max(1, Math.round(took)) })
  // Some models mark thoughts that they did not have.
  if (!thinking && text === '') return null
  return (
    <div className="mb-4">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        className="-ms-2 flex h-8 items-center gap-2 rounded-sm px-2 text-sm text-muted transition-colors hover:bg-hover hover:text-text pointer-coarse:h-10"
      >
        <Brain aria-hidden="true" className={clsx('size-4', thinking && 'animate-breathe text-accent')} />
        {words}
        <ChevronRight aria-hidden="true" className={clsx('size-4 transition-transform rtl:-scale-x-100', open && 'rotate-90 rtl:scale-x-100')} />
      </button>
      {open && (
        <div id={id} className="reasoning mt-2 ms-2 animate-fade border-s-2 border-line ps-4">
          <Markdown text={text} open={thinking} />
        </div>
      )}
    </div>
  )
}

// The seconds from the first sight of a thought to its end; undefined when its beginning was not seen.
function useSeconds(thinking: boolean): number | undefined {
  const [seconds, setSeconds] = useState<number>()
  useEffect(() => {
    if (!thinking) return
    const began = performance.now()
    return () => setSeconds((performance.now() - began) / 1000)
  }, [thinking])
  return seconds
}
