import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { Direction } from 'radix-ui'
import { Suspense } from 'react'
import { liveRegionId } from '@/kit/announce'
import { useDirection } from '@/kit/direction'
import { Splash } from '@/kit/Splash'
import { Toaster } from '@/kit/Toaster'
import { queryClient } from './queries'
import { router } from './router'

export function App() {
  return (
    <Direction.Provider dir={useDirection()}>
      <QueryClientProvider client={queryClient}>
        <Suspense fallback={<Splash />}>
          <RouterProvider router={router} />
        </Suspense>
        <Toaster />
        <div id={liveRegionId} aria-live="polite" className="sr-only" />
      </QueryClientProvider>
    </Direction.Provider>
  )
}
