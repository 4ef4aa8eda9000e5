import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Prompt } from '@/api/types'
import { Button } from '@/kit/Button'
import { Dialog } from '@/kit/Dialog'
import { TextArea } from '@/kit/TextArea'
import { fill, variablesOf } from './fill'

interface Props {
  prompt: Prompt
  onClose: () => void
  onDone: (text: string) => void
}

/** Asks for what a prompt leaves open. */
export function VariablesDialog({ prompt, onClose, onDone }: Props) {
  const { t } = useTranslation()
  const [values, setValues] = useState<Record<string, string>>({})
  return (
    <Dialog open onClose={onClose} title={prompt.title} description={t('prompts.fillIn')}>
      <form
        className="flex min-h-0 flex-col"
        onSubmit={(e) => {
          e.preventDefault()
          onDone(fill(prompt.text, values))
        }}
      >
        <div className="min-h-0 space-y-4 overflow-y-auto px-6 pt-4 pb-2">
          {variablesOf(prompt.text).map((v) => (
            <TextArea
              key={v.name}
              label={v.name}
              rows={1}
              placeholder={v.default}
              value={values[v.name] ?? ''}
              onChange={(e) => setValues({ ...values, [v.name]: e.target.value })}
              onKeyDown={(e) => {
                if (e.key !== 'Enter' || e.shiftKey || e.nativeEvent.isComposing) return
                e.preventDefault()
                e.currentTarget.form?.requestSubmit()
              }}
            />
          ))}
        </div>
        <div className="flex justify-end gap-2 px-6 pt-4 pb-6">
          <Button onClick={onClose}>{t('kit.cancel')}</Button>
          <Button type="submit" look="primary">
            {t('prompts.insert')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
