import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import { useKnowledgeChanges } from './data'

/** Sends files into a base, one after the other, until the list is closed. */
export function useUploads(base: string) {
  const { t } = useTranslation()
  const { add: send } = useKnowledgeChanges()
  const [waiting, setWaiting] = useState(0)
  const [refused, setRefused] = useState<string[]>([])
  const closed = useRef(new AbortController())
  const line = useRef(Promise.resolve())
  useEffect(() => {
    const own = new AbortController()
    closed.current = own
    return () => own.abort()
  }, [base])

  const add = useCallback(
    (files: readonly File[]) => {
      const { signal } = closed.current
      setRefused([])
      setWaiting((n) => n + files.length)
      for (const file of files) {
        line.current = line.current.then(async () => {
          if (!signal.aborted) {
            await send(base, file, signal).catch((err: unknown) => {
              if (!signal.aborted) setRefused((all) => [...all, t('knowledge.refused', { name: file.name, reason: errorText(err) })])
            })
          }
          setWaiting((n) => n - 1)
        })
      }
    },
    [base, send, t],
  )
  return { add, waiting, refused }
}
