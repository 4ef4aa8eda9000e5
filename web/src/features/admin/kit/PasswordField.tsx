import { useTranslation } from '@/i18n/useTranslation'
import { Button } from '@/kit/Button'
import { Field } from '@/kit/Field'
import { newPassword } from './password'

interface Props {
  label: string
  name: string
  hint: string
  error?: string
  value: string
  onChange: (e: { target: { value: string } }) => void
  required?: boolean
}

/** A password for somebody else: typed in the open or made up, since it has to be told to them. */
export function PasswordField({ value, onChange, ...rest }: Props) {
  const { t } = useTranslation('admin')
  return (
    <div className="flex items-start gap-2">
      <Field {...rest} className="min-w-0 flex-1" type="text" autoComplete="off" spellCheck={false} autoCapitalize="off" value={value} onChange={onChange} />
      <Button className="mt-6.5" onClick={() => onChange({ target: { value: newPassword() } })}>
        {t('kit.generate')}
      </Button>
    </div>
  )
}
