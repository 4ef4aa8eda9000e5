import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import clsx from 'clsx'
import { Search } from 'lucide-react'
import { useDeferredValue, useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { errorText } from '@/api/errorText'
import type { SearchHit } from '@/api/types'
import { locale } from '@/i18n/setup'
import { Dialog } from '@/kit/Dialog'
import { Spinner } from '@/kit/Spinner'
import { searchQuery } from './data'

interface Props {
  open: boolean
  onClose: () => void
}

/** Finds messages in one's own chats. */
export function SearchDialog({ open, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Dialog open={open} onClose={onClose} title={t('search.title')} bare className="max-w-xl self-start sm:mt-[10vh]">
      <SearchBox onClose={onClose} />
    </Dialog>
  )
}

function SearchBox({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const q = useSettled(useDeferredValue(text.trim()), 180)
  const { data, error, isFetching } = useQuery({ ...searchQuery(q), placeholderData: keepPreviousData })
  const hits = (q && data) || []
  const [at, setAt] = useState(0)
  const list = useId()
  const choose = (hit: SearchHit | undefined) => {
    if (!hit) return
    onClose()
    void navigate({ to: '/c/$id', params: { id: hit.conversation_id }, search: { m: hit.message_id } })
  }
  const onKeyDown = (e: KeyboardEvent) => {
    const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0
    if (step && hits.length > 0) {
      e.preventDefault()
      setAt((now) => (now + step + hits.length) % hits.length)
    } else if (e.key === 'Enter' && !e.nativeEvent.isComposing) {
      // The focus moves to the composer, and the key must not follow it.
      e.preventDefault()
      choose(hits[at])
    }
  }
  return (
    <>
      <div className="flex items-center gap-3 border-b border-line px-4">
        {isFetching ? <Spinner className="text-muted" /> : <Search aria-hidden="true" className="size-4 shrink-0 text-muted" />}
        <input
          role="combobox"
          aria-label={t('search.title')}
          aria-expanded={hits.length > 0}
          aria-controls={list}
          aria-activedescendant={hits[at] ? `${list}-${at}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          value={text}
          placeholder={t('search.placeholder')}
          onChange={(e) => {
            setText(e.target.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
          className="h-13 min-w-0 flex-1 bg-transparent text-read outline-none"
        />
      </div>
      <div role="status" className="sr-only">
        {q && !isFetching ? t('search.count', { count: hits.length }) : ''}
      </div>
      <div id={list} role="listbox" aria-label={t('search.results')} className={clsx('max-h-[55vh] overflow-y-auto', hits.length > 0 && 'p-2')}>
        {hits.map((hit, i) => (
          <Hit key={hit.conversation_id + hit.message_id} id={`${list}-${i}`} hit={hit} q={q} chosen={i === at} onPoint={() => setAt(i)} onChoose={() => choose(hit)} />
        ))}
      </div>
      {hits.length === 0 && (
        <p className="px-4 py-8 text-center text-sm text-muted">
          {error ? `${t('search.failed')} ${errorText(error)}` : q && !isFetching ? t('search.none', { q }) : t('search.hint')}
        </p>
      )}
    </>
  )
}

interface HitProps {
  id: string
  hit: SearchHit
  q: string
  chosen: boolean
  onPoint: () => void
  onChoose: () => void
}

function Hit({ id, hit, q, chosen, onPoint, onChoose }: HitProps) {
  const { t, i18n } = useTranslation()
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the combobox above has the keys
    <div
      ref={row}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      onPointerMove={onPoint}
      onClick={onChoose}
      className={clsx('cursor-pointer rounded-md px-3 py-2.5', chosen && 'bg-sunken')}
    >
      <div className="flex items-baseline justify-between gap-4">
        <span className="truncate text-sm font-medium">{hit.title || t('chat.untitled')}</span>
        <span className="shrink-0 text-xs text-muted">{new Date(hit.created_at).toLocaleDateString(locale(i18n.language), { day: 'numeric', month: 'short', year: 'numeric' })}</span>
      </div>
      <p className="mt-0.5 line-clamp-2 text-sm wrap-anywhere text-muted">
        {hit.role === 'user' && <span className="text-text">{t('search.you')}: </span>}
        {marked(hit.snippet, q).map(({ text, hit: found }, i) =>
          found ? (
            <mark key={i} className="rounded-[0.2em] bg-accent-soft px-0.5 text-text">
              {text}
            </mark>
          ) : (
            text
          ),
        )}
      </p>
    </div>
  )
}

/** Cuts a snippet into parts that match a word of the query and parts that do not. */
export function marked(snippet: string, q: string): { text: string; hit: boolean }[] {
  const words = q.split(/\s+/).filter(Boolean).map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  if (words.length === 0) return [{ text: snippet, hit: false }]
  return snippet
    .split(new RegExp(`(${words.join('|')})`, 'iu'))
    .map((text, i) => ({ text, hit: i % 2 === 1 }))
    .filter((part) => part.text !== '')
}

// The value once it has stayed the same for a while.
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}
