import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import type { Grant, KnowledgeBase } from '@/api/types'
import { AskFirst } from '@/kit/AskFirst'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { Segmented } from '@/kit/Segmented'
import { toast } from '@/kit/toasts'
import { useForm } from '@/kit/useForm'
import { useKnowledgeChanges } from './data'

interface Props {
  base?: KnowledgeBase
  /** Given the base that was saved; undefined when nothing was. */
  onDone: (saved?: KnowledgeBase) => void
  onDeleted?: () => void
}

type Audience = 'me' | 'read' | 'write'

const everyone = (access: 'read' | 'write'): Grant => ({ kind: 'everyone', access })

/** Who a base is for, as far as this form says it: what was granted to single people and groups stays as it is. */
function audienceOf(grants: readonly Grant[]): Audience {
  const access = grants.find((g) => g.kind === 'everyone')?.access
  return access === 'read' || access === 'write' ? access : 'me'
}

/** What a base is called and who may use it. */
export function BaseForm({ base, onDone, onDeleted }: Props) {
  const { t } = useTranslation()
  const { save, remove } = useKnowledgeChanges()
  const [audience, setAudience] = useState<Audience>(audienceOf(base?.grants ?? []))
  const [doomed, setDoomed] = useState(false)
  const form = useForm({ name: base?.name ?? '', description: base?.description ?? '' }, async (values) => {
    const others = (base?.grants ?? []).filter((g) => g.kind !== 'everyone' || g.access === 'deny')
    const grants = audience === 'me' ? others : [...others.filter((g) => g.kind !== 'everyone'), everyone(audience)]
    onDone(await save(base?.id, { name: values.name.trim(), description: values.description.trim(), grants }))
  })
  return (
    <form {...form.props} className="min-h-0 flex-1 space-y-4 overflow-y-auto px-6 pt-4 pb-6">
      {form.problem && <Notice>{form.problem}</Notice>}
      <Field label={t('knowledge.name')} required maxLength={120} autoComplete="off" {...form.field('name')} />
      <Field label={t('knowledge.description')} maxLength={2000} autoComplete="off" {...form.field('description')} />
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">{t('knowledge.audience')}</legend>
        <Segmented
          label={t('knowledge.audience')}
          value={audience}
          onChange={setAudience}
          options={[
            { value: 'me', label: t('knowledge.audienceMe') },
            { value: 'read', label: t('knowledge.audienceRead') },
            { value: 'write', label: t('knowledge.audienceWrite') },
          ]}
        />
      </fieldset>
      <div className="flex flex-wrap justify-between gap-2 pt-2">
        {base && onDeleted ? (
          <Button look="danger" onClick={() => setDoomed(true)}>
            {t('list.delete')}
          </Button>
        ) : (
          <span />
        )}
        <span className="flex gap-2">
          <Button onClick={() => onDone()}>{t('kit.cancel')}</Button>
          <Button type="submit" look="primary" busy={form.busy}>
            {base ? t('knowledge.save') : t('knowledge.create')}
          </Button>
        </span>
      </div>
      {doomed && base && (
        <AskFirst
          title={t('knowledge.deleteTitle')}
          description={t('knowledge.deleteText', { name: base.name })}
          confirm={t('list.delete')}
          onClose={() => setDoomed(false)}
          work={async () => {
            await remove(base.id)
            toast({ text: t('knowledge.deleted', { name: base.name }) })
            onDeleted?.()
          }}
        />
      )}
    </form>
  )
}
