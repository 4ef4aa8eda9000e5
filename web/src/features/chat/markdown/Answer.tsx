import { lazy, Suspense } from 'react'
import { Skeleton } from '@/kit/Skeleton'
import type { AnswerProps } from './Drawn'

const load = () => import('./Drawn')

// Without the part that draws Markdown an answer is still worth reading.
const Drawn = lazy(() =>
  load().catch(() => ({ default: ({ text }: AnswerProps) => <div dir="auto" className="whitespace-pre-wrap">{text}</div> })),
)

/** Fetches the Markdown part ahead of the first answer. */
export const preloadMarkdown = () => void load().catch(() => {})

/** An answer as Markdown, after the reasoning that led to it. */
export function Answer(props: AnswerProps) {
  return (
    <Suspense fallback={<Skeleton className="h-7 w-2/3" />}>
      <Drawn {...props} />
    </Suspense>
  )
}
