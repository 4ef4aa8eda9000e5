import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Prompt } from '@/api/types'
import { useAction } from '@/kit/useAction'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { TextArea } from '@/kit/TextArea'
import { usePromptChanges } from './data'
import { variablesOf } from './fill'

/** Makes or changes a prompt. */
export function PromptForm({ prompt, onDone }: { prompt?: Prompt; onDone: () => void }) {
  const { t } = useTranslation()
  const { save } = usePromptChanges()
  const [command, setCommand] = useState(prompt?.command ?? '')
  const [title, setTitle] = useState(prompt?.title ?? '')
  const [text, setText] = useState(prompt?.text ?? '')
  const [shared, setShared] = useState(prompt?.shared ?? false)
  const { busy, problem, run } = useAction()
  const variables = variablesOf(text).map((v) => v.name)
  const ready = command !== '' && title.trim() !== '' && text.trim() !== ''
  return (
    <form
      className="flex min-h-0 flex-1 flex-col"
      onSubmit={(e) => {
        e.preventDefault()
        if (!ready) return
        void run(async () => {
          await save(prompt?.id, { command, title: title.trim(), text, shared })
          onDone()
        })
      }}
    >
      <div className="min-h-0 flex-1 space-y-4 overflow-y-auto px-6 pt-4 pb-1">
        <div className="flex flex-wrap gap-3">
          <Field
            className="min-w-40 flex-1"
            label={t('prompts.command')}
            hint={t('prompts.commandHint')}
            required
            maxLength={40}
            value={command}
            onChange={(e) => setCommand(e.target.value.toLowerCase().replace(/[\s_]+/g, '-').replace(/[^a-z0-9-]/g, ''))}
          />
          <Field className="min-w-56 flex-2" label={t('prompts.name')} required maxLength={200} value={title} onChange={(e) => setTitle(e.target.value)} />
        </div>
        <TextArea
          label={t('prompts.body')}
          hint={variables.length > 0 ? t('prompts.asks', { names: variables.join(', ') }) : t('prompts.bodyHint', { open: '{{', close: '}}' })}
          rows={6}
          required
          maxLength={20_000}
          value={text}
          onChange={(e) => setText(e.target.value)}
        />
        <label className="flex w-fit cursor-pointer items-center gap-2.5 text-sm">
          <input type="checkbox" checked={shared} onChange={(e) => setShared(e.target.checked)} className="size-4 accent-accent" />
          {t('prompts.share')}
        </label>
        {problem && <Notice>{problem}</Notice>}
      </div>
      <div className="flex justify-end gap-2 px-6 pt-4 pb-6">
        <Button onClick={onDone}>{t('kit.cancel')}</Button>
        <Button type="submit" look="primary" busy={busy} disabled={!ready}>
          {t('settings.save')}
        </Button>
      </div>
    </form>
  )
}
