import clsx from 'clsx'
import { Check, ChevronRight, TriangleAlert, Wrench } from 'lucide-react'
import { useId, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { seconds } from '@/i18n/seconds'
import { Spinner } from '@/kit/Spinner'
import { CodeBlock } from './code/CodeBlock'
import { pretty, type ToolCall } from './toolCall'

/** A call of a tool: one line that opens to what was asked and what came back. */
export function ToolCard({ call }: { call: ToolCall }) {
  const { t, i18n } = useTranslation()
  const [open, setOpen] = useState(false)
  const id = useId()
  const { name, result, status, duration_ms: took } = call
  const time =
    took === undefined || status === 'running'
      ? ''
      : t('chat.seconds', { n: seconds(took, i18n.language) })
  return (
    <div role="group" aria-label={t('tool.label', { name })} className={clsx('my-3 overflow-hidden rounded-md border bg-raised', status === 'failed' ? 'border-danger' : 'border-line')}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        className="flex min-h-10 w-full items-center gap-2.5 px-3 text-start text-sm transition-colors hover:bg-hover focus-visible:-outline-offset-2 pointer-coarse:min-h-11"
      >
        <Wrench aria-hidden="true" className="size-4 shrink-0 text-muted" />
        <span className="min-w-0 truncate font-mono">{name}</span>
        <span className="ms-auto flex shrink-0 items-center gap-1.5 text-xs text-muted tabular-nums">
          <Sign status={status} />
          <span className={clsx(status === 'failed' && 'text-danger')}>{t(`tool.${status}`)}</span>
          {time && <span>· {time}</span>}
        </span>
        <ChevronRight aria-hidden="true" className={clsx('size-4 shrink-0 text-muted transition-transform rtl:-scale-x-100', open && 'rotate-90 rtl:scale-x-100')} />
      </button>
      {open && (
        <div id={id} className="animate-fade space-y-3 border-t border-line p-3">
          <Piece title={t('tool.arguments')} text={call.arguments} closed={status !== 'running'} />
          {result !== undefined && <Piece title={t('tool.result')} text={result} closed />}
        </div>
      )}
    </div>
  )
}

function Sign({ status }: { status: ToolCall['status'] }) {
  if (status === 'running') return <Spinner className="size-3.5" />
  if (status === 'failed') return <TriangleAlert aria-hidden="true" className="size-3.5 text-danger" />
  return <Check aria-hidden="true" className="size-3.5 text-accent" />
}

function Piece({ title, text, closed }: { title: string; text: string; closed: boolean }) {
  const json = pretty(text)
  return (
    <div>
      <h3 className="mb-1.5 text-xs font-medium text-muted">{title}</h3>
      <CodeBlock text={json ?? text} info={json === undefined ? 'text' : 'json'} closed={closed} />
    </div>
  )
}
