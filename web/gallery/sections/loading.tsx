import { Skeleton } from '@/kit/Skeleton'
import { Splash } from '@/kit/Splash'
import { Spinner } from '@/kit/Spinner'
import { Case, type Section } from '../section'

export const loading: Section[] = [
  {
    of: { Skeleton },
    Cases: () => (
      <Case name="lines">
        <div className="space-y-3">
          <Skeleton className="h-4 w-3/4" />
          <Skeleton className="h-4 w-1/2" />
        </div>
      </Case>
    ),
  },
  {
    of: { Splash },
    Cases: () => (
      <Case name="before the page is there">
        <div className="h-40">
          <Splash />
        </div>
      </Case>
    ),
  },
  {
    of: { Spinner },
    Cases: () => (
      <Case name="small and large">
        <div className="flex items-center gap-4 text-muted">
          <Spinner />
          <Spinner className="size-6" />
        </div>
      </Case>
    ),
  },
]
