import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useDeferredValue, useMemo, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Me, SearchHit } from '@/api/types'
import { searchQuery } from '@/features/conversations/data'
import { Hit } from '@/features/conversations/Hit'
import { Dialog } from '@/kit/Dialog'
import { Option } from '@/kit/Option'
import { Spinner } from '@/kit/Spinner'
import { useListbox } from '@/kit/useListbox'
import { knownChats } from './chats'
import { ChatLine, CommandLine } from './lines'
import { fitting } from './match'
import { groups } from './table'
import { useAdminCommands } from './useAdminCommands'
import { useCommands } from './useCommands'
import { useSettled } from './useSettled'

interface Entry {
  key: string
  line: ReactNode
  run: () => void
}

/** Finds what can be done, chats by their titles, and messages. */
export default function Palette({ me, onClose }: { me: Me; onClose: () => void }) {
  const { t } = useTranslation()
  const chosen = useRef<() => void>(undefined)
  return (
    // What was chosen may take the focus, and so waits until it is back from here.
    <Dialog open onClose={onClose} onClosed={() => chosen.current?.()} title={t('commands.title')} bare className="max-w-xl self-start sm:mt-[10vh]">
      <Box
        me={me}
        onChoose={(run) => {
          chosen.current = run
          onClose()
        }}
      />
    </Dialog>
  )
}

function Box({ me, onChoose }: { me: Me; onChoose: (run: () => void) => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const { sections, q, error, isFetching } = useSections(me, text)
  const entries = sections.flatMap((s) => s.entries)
  const choose = (i: number) => {
    const entry = entries[i]
    if (entry) onChoose(entry.run)
  }
  const list = useListbox(entries.length, choose)
  const type = (next: string) => {
    setText(next)
    list.setAt(0)
  }
  let place = 0
  return (
    <div data-keys="palette" className="flex min-h-0 flex-col">
      <div className="flex items-center gap-3 border-b border-line px-4">
        {isFetching ? <Spinner className="text-muted" /> : <Search aria-hidden="true" className="size-4 shrink-0 text-muted" />}
        <input
          role="combobox"
          aria-label={t('commands.title')}
          aria-expanded={entries.length > 0}
          aria-controls={list.id}
          aria-activedescendant={list.active}
          aria-autocomplete="list"
          autoComplete="off"
          value={text}
          placeholder={t('commands.placeholder')}
          onChange={(e) => type(e.target.value)}
          onKeyDown={list.onKeyDown}
          className="h-13 min-w-0 flex-1 bg-transparent text-read outline-none"
        />
      </div>
      <div role="status" className="sr-only">
        {text.trim() && !isFetching ? t('search.count', { count: entries.length }) : ''}
      </div>
      <div id={list.id} role="listbox" aria-label={t('search.results')} className="max-h-[55vh] min-h-0 overflow-y-auto not-empty:p-2">
        {sections.map((section) => (
          <div key={section.name} role="group" aria-label={section.name} className="pb-2 last:pb-0">
            <div aria-hidden="true" className="px-2.5 pt-1 pb-1 text-xs font-medium text-muted">
              {section.name}
            </div>
            {section.entries.map((entry) => {
              const i = place++
              return (
                <Option key={entry.key} id={list.optionId(i)} active={i === list.at} onPoint={() => list.setAt(i)} onChoose={() => choose(i)}>
                  {entry.line}
                </Option>
              )
            })}
          </div>
        ))}
      </div>
      {entries.length === 0 && (
        <p className="px-4 py-8 text-center text-sm text-muted">
          {error ? `${t('search.failed')} ${errorText(error)}` : q && !isFetching ? t('search.none', { q }) : t('search.hint')}
        </p>
      )}
    </div>
  )
}

// What fits the text: commands and titles at once, messages as soon as the server has found them.
function useSections(me: Me, text: string) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const client = useQueryClient()
  const commands = [...useCommands(), ...useAdminCommands(me)]
  const q = useSettled(useDeferredValue(text.trim()), 180)
  const { data, error, isFetching } = useQuery({ ...searchQuery(q), placeholderData: keepPreviousData })
  const chats = useMemo(() => knownChats(client), [client])

  const open = (id: string, m?: string) => void navigate({ to: '/c/$id', params: { id }, search: { m } })
  const fit = fitting(text, commands, (c) => `${c.name} ${c.also ?? ''}`)
  const hits: SearchHit[] = (text.trim() && q && data) || []
  const sections = [
    ...groups.map((group) => ({
      name: t(`commands.group.${group}`),
      entries: fit.filter((c) => c.group === group).map((c): Entry => ({ key: c.id, line: <CommandLine command={c} />, run: c.run })),
    })),
    {
      name: t('commands.chats'),
      entries: fitting(text, chats, (c) => c.title)
        .slice(0, 5)
        .map((c): Entry => ({ key: c.id, line: <ChatLine chat={c} />, run: () => open(c.id) })),
    },
    {
      name: t('commands.messages'),
      entries: hits.map((hit): Entry => ({ key: hit.conversation_id + hit.message_id, line: <Hit hit={hit} q={q} />, run: () => open(hit.conversation_id, hit.message_id) })),
    },
  ]
  return { sections: sections.filter((s) => s.entries.length > 0), q, error, isFetching }
}
