import { lazy, Suspense } from 'react'
import { Skeleton } from '@/kit/Skeleton'

const load = () => import('./Markdown')

// Without the part that draws Markdown an answer is still worth reading.
const Markdown = lazy(() =>
  load().catch(() => ({ default: ({ text }: { text: string }) => <div className="whitespace-pre-wrap">{text}</div> })),
)

/** Fetches the Markdown part ahead of the first answer. */
export const preloadMarkdown = () => void load().catch(() => {})

/** An answer as Markdown. */
export function Answer({ text, open }: { text: string; open?: boolean }) {
  return (
    <Suspense fallback={<Skeleton className="h-7 w-2/3" />}>
      <Markdown text={text} open={open} />
    </Suspense>
  )
}
