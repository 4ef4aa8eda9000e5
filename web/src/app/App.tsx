import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { Suspense } from 'react'
import { liveRegionId } from '@/kit/announce'
import { Splash } from '@/kit/Splash'
import { Toaster } from '@/kit/Toaster'
import { queryClient } from './queries'
import { router } from './router'

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <Suspense fallback={<Splash />}>
        <RouterProvider router={router} />
      </Suspense>
      <Toaster />
      <div id={liveRegionId} aria-live="polite" className="sr-only" />
    </QueryClientProvider>
  )
}
