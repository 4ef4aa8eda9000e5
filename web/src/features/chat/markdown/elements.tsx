import type { Element } from 'hast'
import { ImageOff } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Components } from 'react-markdown'
import { CodeBlock } from './CodeBlock'
import { hostOf, safeImage, safeLink } from './safety'

/** How the elements of an answer are drawn. */
export const elements: Components = {
  a: ({ href, children }) => {
    const url = safeLink(href)
    if (!url) return <span>{children}</span>
    // In-page footnote marks stay in the page.
    if (url.startsWith('#')) return <a href={url}>{children}</a>
    return (
      <a href={url} title={url} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    )
  },
  img: ({ src, alt }) => <Picture src={typeof src === 'string' ? src : undefined} alt={alt ?? ''} />,
  pre: ({ node }) => {
    const code = node?.children.find((child): child is Element => child.type === 'element')
    const text = code?.children.map((child) => (child.type === 'text' ? child.value : '')).join('') ?? ''
    const names = code?.properties.className
    const language = Array.isArray(names) ? String(names[0]).replace('language-', '') : ''
    return <CodeBlock text={text.replace(/\n$/, '')} language={language} />
  },
  table: ({ children }) => <Table>{children}</Table>,
  // The corner of a table heads nothing.
  th: ({ node, children, style }) => (node?.children.length ? <th style={style}>{children}</th> : <td />),
  // The text after a box in a task list names it; the box itself only shows.
  input: ({ checked }) => <input type="checkbox" checked={checked} readOnly disabled aria-hidden="true" className="me-2 accent-accent" />,
}

function Table({ children }: { children?: React.ReactNode }) {
  const { t } = useTranslation()
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a wide table is scrolled by keyboard
    <div role="region" aria-label={t('markdown.table')} tabIndex={0} className="overflow-x-auto rounded-md border border-line">
      <table className="w-full">{children}</table>
    </div>
  )
}

function Picture({ src, alt }: { src?: string; alt: string }) {
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
