import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Direction } from 'radix-ui'
import { useLayoutEffect, useState } from 'react'
import { liveRegionId } from '@/kit/announce'
import { Segmented } from '@/kit/Segmented'
import { Toaster } from '@/kit/Toaster'
import { Tooltips } from '@/kit/Tooltip'
import { tellKnowledge } from './documents'
import { chapters } from './sections'

type Theme = 'light' | 'dark'
type Contrast = 'normal' | 'more'
type Dir = 'ltr' | 'rtl'

const client = new QueryClient({ defaultOptions: { queries: { enabled: false, staleTime: Infinity } } })
tellKnowledge(client)

/** Every part of the page in every state. The switches at its top change all of them at once. */
export function Gallery() {
  const [theme, setTheme] = useState<Theme>('light')
  const [contrast, setContrast] = useState<Contrast>('normal')
  const [dir, setDir] = useState<Dir>('ltr')
  useLayoutEffect(() => {
    const { documentElement: html } = document
    html.dataset.theme = theme
    html.dir = dir
    if (contrast === 'more') html.dataset.contrast = 'more'
    else delete html.dataset.contrast
  }, [theme, contrast, dir])
  return (
    <Direction.Provider dir={dir}>
      <QueryClientProvider client={client}>
        <header className="border-b border-line px-4 py-4 sm:px-8">
          <h1 className="mb-3 text-xl font-semibold">Parley’s parts</h1>
          <div className="flex flex-wrap gap-3">
            <Segmented label="Theme" value={theme} onChange={setTheme} options={[{ value: 'light', label: 'Light' }, { value: 'dark', label: 'Dark' }]} />
            <Segmented label="Contrast" value={contrast} onChange={setContrast} options={[{ value: 'normal', label: 'Normal' }, { value: 'more', label: 'High' }]} />
            <Segmented label="Direction" value={dir} onChange={setDir} options={[{ value: 'ltr', label: 'Left to right' }, { value: 'rtl', label: 'Right to left' }]} />
          </div>
          <nav aria-label="Chapters" className="mt-3 flex flex-wrap gap-4 text-sm">
            {chapters.map(({ name }) => (
              <a key={name} href={`#${name.toLowerCase()}`} className="text-accent underline underline-offset-4">
                {name}
              </a>
            ))}
          </nav>
        </header>
        <main className="mx-auto max-w-6xl space-y-12 px-4 py-8 sm:px-8">
          {chapters.map(({ name, sections }) => (
            <div key={name} id={name.toLowerCase()} data-chapter={name} className="space-y-12">
              <h2 className="border-b-2 border-text pb-2 text-2xl font-semibold">{name}</h2>
              {sections.map(({ of, Cases }) => {
                const names = Object.keys(of)
                return (
                  // No landmark: what it shows has landmarks of its own.
                  <div key={names.join()} data-shows={names.join(' ')}>
                    <h3 className="mb-4 border-b border-line pb-1.5 text-lg font-semibold">{names.join(', ')}</h3>
                    <div className="grid grid-cols-1 gap-x-8 gap-y-6 sm:grid-cols-2 lg:grid-cols-3">
                      <Cases />
                    </div>
                  </div>
                )
              })}
            </div>
          ))}
        </main>
        <Toaster />
        <div id={liveRegionId} aria-live="polite" className="sr-only" />
        <Tooltips />
      </QueryClientProvider>
    </Direction.Provider>
  )
}
