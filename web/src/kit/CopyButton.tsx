import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { copyText } from './copyText'
import { IconButton } from './IconButton'
import { announce } from './announce'
import { toast } from './toasts'

interface Props {
  text: string | (() => string)
  label?: string
  className?: string
}

export function CopyButton({ text, label, className }: Props) {
  const { t } = useTranslation()
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => setDone(false), 1600)
    return () => clearTimeout(timer)
  }, [done])
  const copy = async () => {
    if (await copyText(typeof text === 'string' ? text : text())) {
      setDone(true)
      announce(t('kit.copied'))
    } else toast({ tone: 'danger', text: t('kit.copyFailed') })
  }
  return (
    <IconButton
      icon={done ? Check : Copy}
      label={done ? t('kit.copied') : (label ?? t('kit.copy'))}
      size="sm"
      className={className}
      onClick={() => void copy()}
    />
  )
}
