import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { Direction } from 'radix-ui'
import { Suspense } from 'react'
import { liveRegionId } from '@/kit/announce'
import { useDirection } from '@/kit/direction'
import { Toaster } from '@/kit/Toaster'
import { TooltipProvider } from '@/kit/Tooltip'
import { queryClient } from './queries'
import { router } from './router'

export function App() {
  return (
    <Direction.Provider dir={useDirection()}>
      <QueryClientProvider client={queryClient}>
        <TooltipProvider delayDuration={400}>
          <Suspense>
            <RouterProvider router={router} />
          </Suspense>
          <Toaster />
          <div id={liveRegionId} aria-live="polite" className="sr-only" />
        </TooltipProvider>
      </QueryClientProvider>
    </Direction.Provider>
  )
}
