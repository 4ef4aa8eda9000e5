import { Plus, X } from 'lucide-react'
import { useDeferredValue, useRef, useState, type ReactNode, type RefObject } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { put } from '@/api/client'
import { errorText } from '@/api/errorText'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { IconButton } from '@/kit/IconButton'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { PanelPart } from '../kit/Panel'
import type { User } from '../types'
import { useUsers } from '../users/data'
import { groupPath, useGroupsChanged } from './data'

/** Who is in a group: each is added and removed at once, and both can be undone. */
export function Members({ group }: { group: string }) {
  const { t } = useTranslation('admin')
  const members = useUsers({ group, sort: 'name' })
  const changed = useGroupsChanged()
  const field = useRef<HTMLInputElement>(null)
  const change = (user: User, way: 'add' | 'remove', undoable = true) => {
    put(`${groupPath(group)}/members`, { add: [], remove: [], [way]: [user.id] })
      .then(changed)
      .then(() => {
        // The button that was pressed went with its row: the focus must not be nowhere.
        if (document.activeElement === document.body) field.current?.focus()
      })
      .then(
        () =>
          toast({
            text: t(way === 'add' ? 'groups.added' : 'groups.removed', { name: user.name || user.email }),
            action: undoable ? { label: t('kit.undo'), run: () => change(user, way === 'add' ? 'remove' : 'add', false) } : undefined,
          }),
        (err: unknown) => toast({ tone: 'danger', text: errorText(err) }),
      )
  }
  return (
    <PanelPart title={t('groups.members')}>
      {members.isPending && <Skeleton className="h-24" />}
      {members.isError && <Notice>{errorText(members.error)}</Notice>}
      {members.data?.total === 0 && <p className="text-sm text-muted">{t('groups.noMembers')}</p>}
      <ul className="divide-y divide-line rounded-md border border-line empty:hidden">
        {members.data?.rows.map((u) => (
          <Person key={u.id} user={u}>
            <IconButton icon={X} size="sm" label={t('kit.remove', { name: u.name || u.email })} onClick={() => change(u, 'remove')} />
          </Person>
        ))}
      </ul>
      {members.hasNextPage && (
        <Button size="sm" busy={members.isFetchingNextPage} onClick={() => void members.fetchNextPage()}>
          {t('kit.more')}
        </Button>
      )}
      <Picker field={field} group={group} onPick={(u) => change(u, 'add')} />
    </PanelPart>
  )
}

function Person({ user, children }: { user: User; children: ReactNode }) {
  return (
    <li className="flex items-center gap-2 py-1.5 ps-3.5 pe-1.5">
      <div className="min-w-0 flex-1 text-sm">
        <p className="truncate font-medium">{user.name || user.email}</p>
        <p className="truncate text-xs text-muted">{user.email}</p>
      </div>
      {children}
    </li>
  )
}

// At most this many are offered: whoever looks for somebody else types more of the name.
const offered = 5

interface PickerProps {
  field: RefObject<HTMLInputElement | null>
  group: string
  onPick: (user: User) => void
}

function Picker({ field, group, onPick }: PickerProps) {
  const { t } = useTranslation('admin')
  const [text, setText] = useState('')
  const q = useDeferredValue(text.trim())
  const found = useUsers({ q, sort: 'name' }, q !== '')
  const choice = q === '' ? [] : (found.data?.rows ?? []).filter((u) => !u.groups.includes(group)).slice(0, offered)
  const pick = (u: User) => {
    setText('')
    onPick(u)
  }
  return (
    <div>
      <Field
        ref={field}
        label={t('groups.add')}
        placeholder={t('users.search')}
        type="search"
        autoComplete="off"
        value={text}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape' && text) {
            e.stopPropagation()
            setText('')
          }
          if (e.key === 'Enter' && choice[0]) pick(choice[0])
        }}
      />
      <p role="status" className="mt-2 text-sm text-muted empty:hidden">
        {q !== '' && found.isSuccess && !found.isFetching && choice.length === 0 ? t('groups.nobody') : ''}
      </p>
      <ul className="mt-2 divide-y divide-line rounded-md border border-line empty:hidden">
        {choice.map((u) => (
          <Person key={u.id} user={u}>
            <IconButton icon={Plus} size="sm" label={t('groups.addOne', { name: u.name || u.email })} onClick={() => pick(u)} />
          </Person>
        ))}
      </ul>
    </div>
  )
}
