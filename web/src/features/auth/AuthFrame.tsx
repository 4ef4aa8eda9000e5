import type { ReactNode } from 'react'
import { Logo } from '@/kit/Logo'

interface Props {
  title: string
  lead?: string
  children: ReactNode
}

/** The frame of the pages that come before the chat. */
export function AuthFrame({ title, lead, children }: Props) {
  return (
    <main id="main" className="flex h-full flex-col items-center overflow-y-auto px-5 py-10 sm:py-16">
      <div className="my-auto w-full max-w-sm">
        <Logo className="mx-auto mb-6 size-11" />
        <h1 className="text-center text-xl font-semibold">{title}</h1>
        {lead && <p className="mt-1.5 text-center text-base text-balance text-muted">{lead}</p>}
        <div className="mt-8">{children}</div>
      </div>
    </main>
  )
}
