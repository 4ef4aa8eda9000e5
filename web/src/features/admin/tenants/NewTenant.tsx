import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { post } from '@/api/client'
import { useShortestPassword } from '@/features/auth/session'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { Notice } from '@/kit/Notice'
import { FormEnd } from '../kit/fields'
import { Once } from '../kit/Once'
import { Panel } from '../kit/Panel'
import { PasswordField } from '../kit/PasswordField'
import { fieldError, useForm } from '@/kit/useForm'
import type { Tenant } from '../types'
import { slugOf } from './slug'

// The organisation's name is "organisation" here, since "name" is the owner's: the server's word for both is "name".
const blank = { organisation: '', slug: '', name: '', email: '', password: '' }

/** Makes a tenant with its first owner, without whom nobody could sign in to it. */
export function NewTenant({ onChanged }: { onChanged: () => Promise<void> }) {
  const { t } = useTranslation('admin')
  const navigate = useNavigate()
  const shortest = useShortestPassword()
  const [made, setMade] = useState<{ tenant: Tenant; email: string; password: string } | null>(null)
  const form = useForm(blank, async ({ organisation, slug, name, email, password }) => {
    if (password.length < shortest) throw fieldError('password', t('users.short', { count: shortest }))
    const owner = { name: name.trim(), email: email.trim(), role: 'owner', password }
    const tenant = await post<Tenant>('/v1/admin/tenants', { slug: slug || slugOf(organisation), name: organisation.trim(), owner })
    await onChanged()
    setMade({ tenant, email: owner.email, password })
  })
  return (
    <Panel page="tenants" title={t('tenants.newTitle')}>
      {made ? (
        <Once
          title={t('tenants.wasCreated', { name: made.tenant.name })}
          text={t('users.passOn', { email: made.email })}
          secret={made.password}
          copy={t('users.copyPassword')}
          onDone={() => void navigate({ to: '/admin/{-$page}/{-$id}', params: { page: 'tenants', id: made.tenant.id }, search: {} })}
        />
      ) : (
        <form {...form.props} className="space-y-4">
          {form.problem && <Notice>{form.problem}</Notice>}
          <Field label={t('tenants.name')} hint={t('tenants.nameHint')} required maxLength={200} autoComplete="off" {...form.field('organisation')} />
          <Field label={t('tenants.slug')} hint={t('tenants.slugHint')} maxLength={48} autoComplete="off" spellCheck={false} placeholder={slugOf(form.values.organisation)} {...form.field('slug')} />
          <fieldset className="space-y-4 border-t border-line pt-4">
            <legend className="sr-only">{t('tenants.owner')}</legend>
            <p className="text-sm">
              <span aria-hidden="true" className="block font-semibold">
                {t('tenants.owner')}
              </span>
              <span className="text-muted">{t('tenants.ownerText')}</span>
            </p>
            <Field label={t('tenants.ownerName')} required maxLength={200} autoComplete="off" {...form.field('name')} />
            <Field label={t('tenants.email')} type="email" required autoComplete="off" {...form.field('email')} />
            <PasswordField label={t('tenants.password')} hint={t('tenants.passwordHint')} required {...form.field('password')} />
          </fieldset>
          <FormEnd>
            <Button type="submit" look="primary" busy={form.busy}>
              {t('tenants.create')}
            </Button>
          </FormEnd>
        </form>
      )}
    </Panel>
  )
}
