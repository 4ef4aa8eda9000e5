import clsx from 'clsx'
import { Download, WrapText } from 'lucide-react'
import { useRef, useState, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { CopyButton } from '@/kit/CopyButton'
import { IconButton } from '@/kit/IconButton'
import { settings } from '@/kit/storage'
import { Diagram } from '../diagram/Diagram'
import { Formula } from '../math/Formula'
import { useNear } from '../near'
import { limits } from '../parse/limits'
import { More, useClipped } from '../PlainText'
import { save } from '../save'
import { CodeText } from './CodeText'
import { fileName, labelOf, languageOf, nameIn } from './languages'

interface Props {
  text: string
  /** What stands behind the mark of the fence. */
  info: string
  /** The code is complete. What still grows is not coloured, and no diagram yet. */
  closed: boolean
}

// Whether the reader wants long lines wrapped: it holds for the blocks that are drawn from then on.
const wrapKey = 'parley.wrap'

/** Code with its language, and what can be done with it. */
export function CodeBlock({ text, info, closed }: Props) {
  const name = nameIn(info).toLowerCase()
  const code = (extra?: ReactNode) => <Code text={text} info={info} closed={closed} extra={extra} />
  if (closed && name === 'mermaid' && text.length <= limits.diagram) return <Diagram text={text} code={code} />
  if (closed && name === 'math') return <Formula text={text} display mark="$$" />
  return code()
}

function Code({ text, info, closed, extra }: Props & { extra?: ReactNode }) {
  const { t } = useTranslation()
  const box = useRef<HTMLPreElement>(null)
  const near = useNear(box)
  const [wrap, setWrap] = useState(() => settings.get(wrapKey) === 'on')
  const turnWrap = () => {
    settings.set(wrapKey, wrap ? 'off' : 'on')
    setWrap(!wrap)
  }
  const { shown, more } = useClipped(text)
  const label = labelOf(nameIn(info)) || t('markdown.code')
  return (
    <div className="overflow-hidden rounded-md border border-line bg-sunken">
      <div className="flex h-9 items-center gap-0.5 ps-4 pe-1.5 text-xs text-muted">
        <span className="me-auto truncate">{label}</span>
        {extra}
        <IconButton icon={WrapText} size="sm" label={t('markdown.wrap')} aria-pressed={wrap} onClick={turnWrap} className="aria-pressed:bg-press aria-pressed:text-text" />
        <IconButton icon={Download} size="sm" label={t('markdown.saveCode')} onClick={() => save(fileName(info, text), text)} />
        <CopyButton text={text} label={t('markdown.copyCode')} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- long lines are scrolled by keyboard */}
      <pre ref={box} dir="ltr" role="group" tabIndex={0} aria-label={label} className={clsx('overflow-x-auto px-4 pt-1 pb-4 text-sm leading-relaxed focus-visible:-outline-offset-2', wrap && 'wrap-anywhere whitespace-pre-wrap')}>
        <code className="font-mono">
          <CodeText text={shown} language={closed && near ? languageOf(nameIn(info)) : undefined} />
        </code>
      </pre>
      {more && <More {...more} className="mx-4 mb-4" />}
    </div>
  )
}
