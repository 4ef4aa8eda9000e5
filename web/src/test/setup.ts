import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'
import '@/i18n/setup'

afterEach(cleanup)

// A second is too little where other programs use the processor too.
configure({ asyncUtilTimeout: 10_000 })

// jsdom knows no layout; what measures it is tested in the browser.
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  addEventListener() {},
  removeEventListener() {},
})) as unknown as typeof matchMedia
