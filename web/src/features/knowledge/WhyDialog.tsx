import { useState, type FormEvent } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Explained, KnowledgeFile } from '@/api/types'
import { Button } from '@/kit/Button'
import { Dialog } from '@/kit/Dialog'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { explain } from './data'
import { WhySteps } from './WhySteps'

/** Asks of a file why a question finds it, or why not. */
export function WhyDialog({ file, onClose }: { file: KnowledgeFile; onClose: () => void }) {
  const { t } = useTranslation()
  const [query, setQuery] = useState('')
  const [busy, setBusy] = useState(false)
  const [told, setTold] = useState<Explained>()
  const [problem, setProblem] = useState<unknown>()
  const ask = (e: FormEvent) => {
    e.preventDefault()
    if (query.trim() === '' || busy) return
    setBusy(true)
    setProblem(undefined)
    explain(file.vector_store_id, file.id, query)
      .then(setTold, setProblem)
      .finally(() => setBusy(false))
  }
  return (
    <Dialog open onClose={onClose} title={t('why.title')} description={file.filename} className="max-w-lg">
      <form onSubmit={ask} className="flex items-end gap-2 px-6 pt-4">
        <Field label={t('why.question')} value={query} onChange={(e) => setQuery(e.target.value)} className="min-w-0 flex-1" />
        <Button type="submit" look="primary" disabled={query.trim() === ''} busy={busy}>
          {t('why.ask')}
        </Button>
      </form>
      <div aria-live="polite" className="min-h-0 overflow-y-auto px-6 pt-4 pb-6">
        {problem !== undefined && <Notice>{errorText(problem)}</Notice>}
        {told && problem === undefined && <WhySteps explained={told} />}
      </div>
    </Dialog>
  )
}
