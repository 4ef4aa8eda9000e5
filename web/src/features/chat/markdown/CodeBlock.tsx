import { useTranslation } from 'react-i18next'
import { CopyButton } from '@/kit/CopyButton'

/** Code with its language and a button that copies it. */
export function CodeBlock({ text, language }: { text: string; language: string }) {
  const { t } = useTranslation()
  return (
    <div className="overflow-hidden rounded-md border border-line bg-sunken">
      <div className="flex h-9 items-center justify-between ps-4 pe-1.5 text-xs text-muted">
        <span>{language || t('markdown.code')}</span>
        <CopyButton text={text} label={t('markdown.copyCode')} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- long lines are scrolled by keyboard */}
      <pre tabIndex={0} aria-label={language || t('markdown.code')} className="overflow-x-auto px-4 pt-1 pb-4 text-sm leading-relaxed focus-visible:-outline-offset-2">
        <code className="font-mono">{text}</code>
      </pre>
    </div>
  )
}
