import { useEffect, useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'

/** A title while it is being changed: Enter and leaving keep it, Escape does not. */
export function Rename({ title, onEnd }: { title: string; onEnd: (title?: string) => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState(title)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.select(), [])
  return (
    <input
      ref={field}
      dir="auto"
      value={text}
      maxLength={200}
      aria-label={t('list.renameLabel')}
      onChange={(e) => setText(e.target.value)}
      onBlur={() => onEnd(text.trim())}
      onKeyDown={(e) => {
        if (e.key === 'Enter' && !e.nativeEvent.isComposing) {
          e.preventDefault()
          onEnd(text.trim())
        }
        if (e.key === 'Escape') onEnd()
      }}
      className="h-9 w-full rounded-sm border border-edge bg-raised px-2.5 text-sm focus-visible:outline-offset-0 pointer-coarse:h-11"
    />
  )
}
