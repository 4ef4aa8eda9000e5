import clsx from 'clsx'
import { ChevronRight } from 'lucide-react'
import { useTranslation } from '@/i18n/useTranslation'
import { locale } from '@/i18n/setup'
import { sizeText, splitFiles, type TextFile } from './files'

/** What the reader said, with the files that went along folded away. */
export function Bubble({ text, marked }: { text: string; marked?: boolean }) {
  const { t } = useTranslation()
  const said = splitFiles(text)
  return (
    <>
      <h2 className="sr-only">{t('chat.you')}</h2>
      {said.text && (
        <div
          dir="auto"
          className={clsx(
            'max-w-[85%] rounded-lg rounded-ee-sm bg-sunken px-4 py-2.5 text-read wrap-anywhere whitespace-pre-wrap',
            marked && 'outline-2 outline-offset-4 outline-accent',
          )}
        >
          {said.text}
        </div>
      )}
      {said.files.map((file, i) => (
        <Attached key={i} file={file} />
      ))}
    </>
  )
}

function Attached({ file }: { file: TextFile }) {
  const { i18n } = useTranslation()
  return (
    <details className="group/file mt-1.5 max-w-[85%] min-w-0 rounded-md border border-line bg-raised text-sm open:w-full">
      <summary className="flex h-9 cursor-pointer list-none items-center gap-2 px-2.5 [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden="true" className="size-4 shrink-0 text-muted transition-transform group-open/file:rotate-90 rtl:-scale-x-100 rtl:group-open/file:scale-x-100" />
        <span className="truncate">{file.name}</span>
        <span className="shrink-0 text-xs text-muted">{sizeText(file.size, locale(i18n.language))}</span>
      </summary>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is scrolled by keyboard */}
      <pre dir="auto" tabIndex={0} role="group" aria-label={file.name} className="max-h-80 overflow-auto border-t border-line px-4 py-3 font-mono leading-relaxed">
        {file.text}
      </pre>
    </details>
  )
}
