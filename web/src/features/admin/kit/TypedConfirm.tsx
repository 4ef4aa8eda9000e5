import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { Button } from '@/kit/Button'
import { Dialog } from '@/kit/Dialog'
import { inputClass } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { useAction } from '@/kit/useAction'

interface Props {
  title: string
  description: string
  /** What has to be typed, letter by letter. */
  word: string
  confirm: string
  onClose: () => void
  onConfirm: () => Promise<void>
}

/** Asks before what cannot be undone, and wants it spelled out. Render it only while it asks. */
export function TypedConfirm({ title, description, word, confirm, onClose, onConfirm }: Props) {
  const { t } = useTranslation('admin')
  const [typed, setTyped] = useState('')
  const { busy, problem, run } = useAction()
  const same = typed.trim() === word
  const [before, after] = t('kit.typeToConfirm', { word: '\n' }).split('\n')
  return (
    <Dialog open onClose={onClose} title={title} description={description}>
      <form
        className="space-y-5 px-6 pt-4 pb-6"
        onSubmit={(e) => {
          e.preventDefault()
          if (same) void run(onConfirm)
        }}
      >
        <label className="block text-sm">
          <span className="mb-1.5 block">
            {before}
            <strong className="font-semibold wrap-anywhere select-all">{word}</strong>
            {after}
          </span>
          <input autoComplete="off" spellCheck={false} value={typed} onChange={(e) => setTyped(e.target.value)} className={inputClass} />
        </label>
        {problem && <Notice>{problem}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t('kit.cancel')}</Button>
          <Button type="submit" look="danger" busy={busy} disabled={!same}>
            {confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
