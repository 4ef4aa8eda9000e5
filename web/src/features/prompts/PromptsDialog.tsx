import { ArrowLeft, BookText, Pencil, Plus, Trash2, Users } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { errorText } from '@/api/errorText'
import type { Me, Prompt } from '@/api/types'
import { AskFirst } from '@/kit/AskFirst'
import { Button } from '@/kit/Button'
import { Dialog } from '@/kit/Dialog'
import { inputClass } from '@/kit/Field'
import { IconButton } from '@/kit/IconButton'
import { Notice } from '@/kit/Notice'
import { Skeleton } from '@/kit/Skeleton'
import { toast } from '@/kit/toasts'
import { findPrompts, usePromptChanges, usePrompts } from './data'
import { PromptForm } from './PromptForm'

/** The prompt library: what "/" in the composer offers. */
export function PromptsDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const { t } = useTranslation()
  const [editing, setEditing] = useState<Prompt | 'new' | null>(null)
  return (
    <Dialog open onClose={onClose} title={t('prompts.title')} description={t('prompts.text')} className="h-[min(40rem,100%)] max-w-2xl">
      {editing ? (
        <>
          <div className="flex items-center gap-1 px-5 pt-4">
            <IconButton icon={ArrowLeft} size="sm" label={t('prompts.back')} onClick={() => setEditing(null)} className="rtl:-scale-x-100" />
            <h3 className="text-base font-semibold">{editing === 'new' ? t('prompts.new') : `/${editing.command}`}</h3>
          </div>
          <PromptForm prompt={editing === 'new' ? undefined : editing} onDone={() => setEditing(null)} />
        </>
      ) : (
        <Library me={me} onEdit={setEditing} />
      )}
    </Dialog>
  )
}

function Library({ me, onEdit }: { me: Me; onEdit: (p: Prompt | 'new') => void }) {
  const { t } = useTranslation()
  const prompts = usePrompts()
  const { remove } = usePromptChanges()
  const [q, setQ] = useState('')
  const [doomed, setDoomed] = useState<Prompt | null>(null)
  const mayWrite = me.user.role !== 'viewer'
  const mayAdminister = me.user.role === 'admin' || me.user.role === 'owner'
  const found = findPrompts(prompts.data ?? [], q.trim())
  const add = mayWrite && (
    <Button look="primary" onClick={() => onEdit('new')}>
      <Plus aria-hidden="true" className="size-4" />
      {t('prompts.new')}
    </Button>
  )
  if (prompts.data?.length === 0) {
    return (
      <div className="flex flex-1 flex-col items-center justify-center gap-3 p-8 text-center">
        <BookText aria-hidden="true" className="size-9 text-muted" strokeWidth={1.5} />
        <p className="max-w-sm text-balance text-muted">{t('prompts.empty')}</p>
        {add}
      </div>
    )
  }
  return (
    <>
      <div className="flex gap-2 px-6 pt-4 pb-3 max-sm:flex-col">
        <input type="search" aria-label={t('prompts.search')} placeholder={t('prompts.search')} value={q} onChange={(e) => setQ(e.target.value)} className={inputClass} />
        {add}
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-6 pb-6">
        {prompts.isPending && <Skeleton className="h-14" />}
        {prompts.isError && <Notice>{errorText(prompts.error)}</Notice>}
        {prompts.isSuccess && found.length === 0 && <p className="py-8 text-center text-sm text-muted">{t('search.none', { q: q.trim() })}</p>}
        <ul className="divide-y divide-line rounded-md border border-line empty:hidden">
          {found.map((p) => (
            <li key={p.id} className="flex items-center gap-1 py-2.5 ps-4 pe-2">
              <div className="min-w-0 flex-1">
                <p className="flex items-baseline gap-2 text-sm">
                  <span className="shrink-0 font-medium">/{p.command}</span>
                  <span dir="auto" className="truncate">{p.title}</span>
                </p>
                <p className="mt-0.5 flex items-center gap-1.5 truncate text-xs text-muted">
                  {p.shared && <Users aria-hidden="true" className="size-3.5 shrink-0" />}
                  {p.shared && <span className="shrink-0">{p.mine ? t('prompts.shared') : t('prompts.by', { name: p.owner_name })} ·</span>}
                  <span dir="auto" className="truncate">{p.text}</span>
                </p>
              </div>
              {((p.mine && mayWrite) || mayAdminister) && (
                <>
                  <IconButton icon={Pencil} size="sm" label={t('prompts.edit', { command: p.command })} onClick={() => onEdit(p)} />
                  <IconButton icon={Trash2} size="sm" label={t('prompts.delete', { command: p.command })} onClick={() => setDoomed(p)} />
                </>
              )}
            </li>
          ))}
        </ul>
      </div>
      {doomed && (
        <AskFirst
          title={t('prompts.deleteTitle')}
          description={t('prompts.deleteText', { command: doomed.command })}
          confirm={t('list.delete')}
          onClose={() => setDoomed(null)}
          work={async () => {
            await remove(doomed.id)
            toast({ text: t('prompts.deleted') })
          }}
        />
      )}
    </>
  )
}
