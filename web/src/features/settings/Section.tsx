import type { ReactNode } from 'react'

interface Props {
  title: string
  text?: string
  children?: ReactNode
}

/** A titled part of a settings panel. */
export function Section({ title, text, children }: Props) {
  return (
    <section className="space-y-4">
      <div>
        <h3 className="text-base font-semibold">{title}</h3>
        {text && <p className="mt-0.5 text-sm text-muted">{text}</p>}
      </div>
      {children}
    </section>
  )
}
