import { ImageOff } from 'lucide-react'
import { createElement, memo, useMemo, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { CiteMark } from '@/features/knowledge/CiteMark'
import { citations } from '@/features/knowledge/citing'
import { Formula } from './math/Formula'
import { NoteMark } from './NoteMark'
import { limits } from './parse/limits'
import { nothingShared, parseInline, type Shared, type Token } from './parse/parser'
import { hostOf, safeImage, safeLink } from './safety'

interface Props {
  text: string
  shared: Shared
}

/** The text of a paragraph, heading or cell. It is parsed and drawn again only when it changes itself. */
export const Inline = memo(
  function Inline({ text, shared }: Props) {
    return useMemo(() => {
      if (text.length > limits.inline) return text
      const tokens = parseInline(text, shared)
      return tokens.length > 2 * limits.elements ? text : draw(tokens)
    }, [text, shared])
  },
  // Only what has brackets can use a definition from elsewhere.
  (a, b) => a.text === b.text && (a.shared === b.shared || !a.text.includes('[')),
)

const marks: Record<string, string> = { strong_open: 'strong', em_open: 'em', s_open: 'del' }

/** The words of tokens, without their looks. */
export function plainOf(tokens: Token[]): string {
  return tokens.map((t) => (t.type === 'softbreak' || t.type === 'hardbreak' ? ' ' : t.children ? plainOf(t.children) : t.content)).join('')
}

/** The words of a text, without their looks. */
export const plainText = (text: string, shared = nothingShared) => (text.length > limits.inline ? text : plainOf(parseInline(text, shared)))

function draw(tokens: Token[]): ReactNode {
  const stack: { open?: Token; children: ReactNode[] }[] = [{ children: [] }]
  tokens.forEach((t, key) => {
    const top = stack.at(-1)
    if (!top) return
    if (t.nesting === 1) stack.push({ open: t, children: [] })
    else if (t.nesting === 0) top.children.push(leaf(t, key))
    else {
      stack.pop()
      const flat = stack.length > limits.emphasis
      stack.at(-1)?.children.push(...(flat || !top.open ? top.children : [around(top.open, key, top.children)]))
    }
  })
  return stack[0]?.children
}

function around(open: Token, key: number, children: ReactNode[]): ReactNode {
  if (open.type === 'link_open') return <Link key={key} href={String(open.attrGet('href') ?? '')}>{children}</Link>
  return createElement(marks[open.type] ?? 'span', { key }, ...children)
}

function leaf(t: Token, key: number): ReactNode {
  switch (t.type) {
    case 'softbreak':
      return '\n'
    case 'hardbreak':
      return <br key={key} />
    case 'code_inline':
      return <code key={key}>{t.content}</code>
    case 'formula':
      return <Formula key={key} text={t.content} display={t.info !== ''} mark={t.markup} />
    case 'image':
      return <Picture key={key} src={String(t.attrGet('src') ?? '')} alt={plainOf(t.children ?? [])} />
    case 'note_mark':
      return <NoteMark key={key} name={t.info} />
    case 'text':
      return t.content.includes('[S') ? <Cited key={key} text={t.content} /> : t.content
    default:
      return t.content
  }
}

// What a text cites leads to its source.
function Cited({ text }: { text: string }) {
  return text.split(citations).map((part, i) => (i % 2 === 1 ? <CiteMark key={i} text={part} /> : part))
}

function Link({ href, children }: { href: string; children: ReactNode[] }) {
  const url = safeLink(href)
  if (!url) return <span>{children}</span>
  return (
    <a href={url} title={url} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  )
}

function Picture({ src, alt }: { src: string; alt: string }) {
  const { t } = useTranslation()
  const url = safeImage(src)
  if (url) return <img src={url} alt={alt} loading="lazy" className="max-h-96 rounded-md" />
  return (
    <span className="inline-flex items-center gap-1.5 rounded-sm bg-sunken px-2 py-0.5 text-sm text-muted">
      <ImageOff aria-hidden="true" className="size-3.5" />
      {alt ? t('markdown.image', { alt }) : t('markdown.imageFrom', { host: hostOf(src) })}
    </span>
  )
}
