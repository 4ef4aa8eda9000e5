import { createContext } from 'react'
import type { Source } from '@/api/types'

export interface Citing {
  sources: readonly Source[]
  open: (source: Source) => void
}

/** What the text around may cite, and what shows it. */
export const Citing = createContext<Citing>({ sources: [], open: () => {} })

/** Citations in a text, as an answer writes them: [S1] or [S1, S3]. */
export const citations = /(\[S\d{1,2}(?:, ?S\d{1,2})*\])/
