import { Code2, Download, Workflow } from 'lucide-react'
import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react'
import { useTranslation } from '@/i18n/useTranslation'
import { CopyButton } from '@/kit/CopyButton'
import { IconButton } from '@/kit/IconButton'
import { useNear } from '../near'
import { save } from '../save'
import type { Palette } from './frame'
import { drawDiagram } from './sandbox'

interface Props {
  text: string
  /** Draws the source; the argument goes to its buttons. */
  code: (extra?: ReactNode) => ReactNode
}

interface Picture {
  text: string
  dark: boolean
  svg: string
  url: string
  width: number
  height: number
}

/** A Mermaid diagram, as its source until it is drawn, when it cannot be, and when the reader likes. */
export function Diagram({ text, code }: Props) {
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  const near = useNear(box)
  const picture = usePicture(text, near)
  const [asCode, setAsCode] = useState(false)
  const kind = kindOf(text)
  return (
    <div ref={box}>
      {!picture || asCode ? (
        code(picture && <IconButton icon={Workflow} size="sm" label={t('markdown.showDiagram')} onClick={() => setAsCode(false)} />)
      ) : (
        <figure className="overflow-hidden rounded-md border border-line">
          <div className="flex h-9 items-center gap-0.5 border-b border-line bg-sunken ps-4 pe-1.5 text-xs text-muted">
            <figcaption className="me-auto">{t('markdown.diagram')}</figcaption>
            <IconButton icon={Code2} size="sm" label={t('markdown.showCode')} onClick={() => setAsCode(true)} />
            <IconButton icon={Download} size="sm" label={t('markdown.saveDiagram')} onClick={() => save('diagram.svg', picture.svg, 'image/svg+xml')} />
            <CopyButton text={text} label={t('markdown.copyCode')} />
          </div>
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a wide diagram is scrolled by keyboard */}
          <div role="group" aria-label={t('markdown.diagram')} tabIndex={0} className="overflow-x-auto p-4 focus-visible:-outline-offset-2">
            <img src={picture.url} width={picture.width} height={picture.height} alt={t('markdown.diagramOf', { kind })} className="mx-auto h-auto max-w-[max(100%,36rem)]" />
          </div>
        </figure>
      )}
    </div>
  )
}

function usePicture(text: string, near: boolean): Picture | undefined {
  const dark = useDark()
  const [picture, setPicture] = useState<Picture>()
  useEffect(() => {
    if (!near) return
    let url = ''
    let gone = false
    void drawDiagram(text, palette(), dark).then((svg) => {
      if (gone || !svg) return
      const [width, height] = sizeOf(svg)
      url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
      setPicture({ text, dark, svg, url, width, height })
    })
    return () => {
      gone = true
      // The picture of before is shown until there is the next one.
      setTimeout(() => URL.revokeObjectURL(url), 10_000)
    }
  }, [text, dark, near])
  return picture?.text === text ? picture : undefined
}

/** What a diagram is: the first word of its source that is no comment, setting or directive. */
export function kindOf(text: string): string {
  const source = text.replace(/^---\n[\s\S]*?\n---\n/, '').replace(/%%.*$/gm, '')
  return /[A-Za-z][\w-]*/.exec(source)?.[0] ?? 'diagram'
}

function sizeOf(svg: string): [number, number] {
  const box = /viewBox="([-\d.e]+)[ ,]+([-\d.e]+)[ ,]+([\d.e]+)[ ,]+([\d.e]+)"/.exec(svg)
  return [Math.ceil(Number(box?.[3] ?? 600)), Math.ceil(Number(box?.[4] ?? 400))]
}

function palette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string) => style.getPropertyValue(`--c-${name}`).trim()
  return { canvas: of('canvas'), sunken: of('sunken'), text: of('text'), muted: of('muted'), line: of('line'), edge: of('edge'), accent: of('accent'), soft: of('accent-soft') }
}

// Whether the page is dark, whoever made it so.
function useDark(): boolean {
  return useSyncExternalStore(watchTheme, () => document.documentElement.dataset.theme === 'dark')
}

function watchTheme(fn: () => void) {
  const observer = new MutationObserver(fn)
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
  return () => observer.disconnect()
}
