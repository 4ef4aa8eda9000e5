import { QueryClient } from '@tanstack/react-query'
import { ApiError } from '@/api/client'

/** The cache of what the server said. Every feature names its keys itself. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, err) => count < 2 && !(err instanceof ApiError && err.status >= 400 && err.status < 500),
    },
  },
})
