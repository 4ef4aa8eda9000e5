import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from '@/i18n/useTranslation'
import { get, put } from '@/api/client'
import { errorText } from '@/api/errorText'
import type { Role } from '@/api/types'
import { useChatModels } from '@/features/chat/data'
import { Button } from '@/kit/Button'
import { Notice } from '@/kit/Notice'
import { toast } from '@/kit/toasts'
import { roles } from '../access'
import { FormEnd, SelectField } from '../kit/fields'
import { Page } from '../kit/Page'
import { PanelSkeleton } from '../kit/Panel'
import { useForm } from '@/kit/useForm'
import type { ChatDefaults } from '../types'

const key = ['admin', 'model-defaults']

/** Which model answers when nobody names one: for everybody, and for each role that should have another. */
export default function DefaultsPage() {
  const { t } = useTranslation('admin')
  const models = useChatModels()
  const defaults = useQuery({ queryKey: key, queryFn: ({ signal }) => get<{ chat: ChatDefaults }>('/v1/admin/model-defaults', {}, signal).then((d) => d.chat) })
  const problem = models.error ?? defaults.error
  return (
    <Page title={t('nav.defaults')} lead={t('defaults.lead')}>
      <div className="max-w-md">
        {problem && <Notice>{errorText(problem)}</Notice>}
        {!problem && (!models.data || !defaults.data) && <PanelSkeleton />}
        {models.data && defaults.data && <DefaultsForm models={models.data.map((m) => m.id)} defaults={defaults.data} />}
      </div>
    </Page>
  )
}

function DefaultsForm({ models, defaults }: { models: string[]; defaults: ChatDefaults }) {
  const { t } = useTranslation('admin')
  const client = useQueryClient()
  const form = useForm<Record<'default' | Role, string>>(
    { default: defaults.default, viewer: defaults.viewer ?? '', member: defaults.member ?? '', admin: defaults.admin ?? '', owner: defaults.owner ?? '' },
    async (values) => {
      const { chat } = await put<{ chat: ChatDefaults }>('/v1/admin/model-defaults', { chat: values })
      client.setQueryData(key, chat)
      void client.invalidateQueries({ queryKey: ['models'] })
      toast({ text: t('kit.saved') })
    },
  )
  // A model that went away is still told, so that what is set can be seen.
  const options = (none: string, value: string) => [
    { value: '', label: none },
    ...models.map((id) => ({ value: id, label: id })),
    ...(value && !models.includes(value) ? [{ value, label: t('defaults.missing', { id: value }) }] : []),
  ]
  return (
    <form {...form.props} className="space-y-5">
      {form.problem && <Notice>{form.problem}</Notice>}
      <SelectField label={t('defaults.everybody')} hint={t('defaults.everybodyHint')} {...form.field('default')} options={options(t('defaults.server'), form.values.default)} />
      <fieldset className="space-y-4 border-t border-line pt-5">
        <legend className="sr-only">{t('defaults.roles')}</legend>
        <p aria-hidden="true" className="text-sm font-semibold">
          {t('defaults.roles')}
        </p>
        {[...roles].reverse().map((r) => (
          <SelectField key={r} label={t(`roles.${r}`)} {...form.field(r)} options={options(t('defaults.same'), form.values[r])} />
        ))}
      </fieldset>
      <FormEnd>
        <Button type="submit" look="primary" busy={form.busy} disabled={!form.changed}>
          {t('kit.save')}
        </Button>
      </FormEnd>
    </form>
  )
}
