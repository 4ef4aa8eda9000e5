import { CopyButton } from '@/kit/CopyButton'

/** A command to run, with a button that copies it. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div className="flex items-start gap-1 rounded-sm bg-sunken py-0.5 ps-3 pe-0.5">
      <code className="min-w-0 flex-1 py-1 font-mono text-xs leading-5 wrap-anywhere">{text}</code>
      <CopyButton text={text} label={label} />
    </div>
  )
}
