import { useQueryClient } from '@tanstack/react-query'
import { Upload } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import { freshen } from '@/features/conversations/data'
import { Section } from '@/features/settings/Section'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { importFile, type Progress } from './importing'

/** Takes over chats from a file of ChatGPT or of Parley. */
export function Import() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const picker = useRef<HTMLInputElement>(null)
  const [running, setRunning] = useState<AbortController | null>(null)
  const [progress, setProgress] = useState<Progress | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => () => running?.abort(), [running])
  const start = async (file: File) => {
    const stop = new AbortController()
    setRunning(stop)
    setProblem(null)
    setProgress({ part: 0, imported: 0, skipped: [] })
    try {
      setProgress(await importFile(file, { signal: stop.signal, onProgress: setProgress, reason: (own) => t(`transfer.${own}`) }))
    } catch (err) {
      if (!stop.signal.aborted) setProblem(errorText(err))
    }
    setRunning(null)
    freshen(client)
  }
  const empty = !running && progress?.imported === 0 && progress.skipped.length === 0 && problem === null
  return (
    <Section title={t('transfer.title')} text={t('transfer.text')}>
      <input
        ref={picker}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label={t('transfer.choose')}
        onChange={(e) => {
          const file = e.target.files?.[0]
          e.target.value = ''
          if (file) void start(file)
        }}
      />
      {running ? (
        <div className="space-y-3">
          <progress aria-label={t('transfer.title')} value={progress?.part ?? 0} className="block h-1.5 w-full accent-accent" />
          <div className="flex items-center justify-between gap-3 text-sm">
            <span role="status" className="text-muted tabular-nums">
              {t('transfer.sofar', { count: progress?.imported ?? 0 })}
            </span>
            <Button size="sm" onClick={() => running.abort()}>
              {t('transfer.stop')}
            </Button>
          </div>
        </div>
      ) : (
        <Button onClick={() => picker.current?.click()}>
          <Upload aria-hidden="true" className="size-4 text-muted" />
          {t('transfer.choose')}
        </Button>
      )}
      {problem && <Notice>{problem}</Notice>}
      {!running && progress && (
        <div role="status" className="rounded-md bg-sunken px-4 py-3 text-sm">
          <p className="font-medium">{empty ? t('transfer.empty') : t('transfer.imported', { count: progress.imported })}</p>
          {progress.skipped.length > 0 && (
            <details className="mt-1">
              <summary className="cursor-pointer text-muted">{t('transfer.skipped', { count: progress.skipped.length })}</summary>
              <ul className="mt-2 max-h-48 space-y-1 overflow-y-auto">
                {progress.skipped.slice(0, 500).map((s, i) => (
                  <li key={i} className="wrap-anywhere">
                    <span className="font-medium">{s.title || t('chat.untitled')}</span>: <span className="text-muted">{s.reason}</span>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </div>
      )}
    </Section>
  )
}
