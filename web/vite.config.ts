import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: {
      '@': here('./src'),
      // Radix locks the scrolling of the body with a <style> element, which the Content-Security-Policy
      // forbids. The body of this page never scrolls, so nothing is lost with the lock.
      'react-remove-scroll': here('./src/kit/noScrollLock.tsx'),
    },
  },
  build: {
    // Nothing may become a data: URL in a script or a style sheet, and no inline preload script is made.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // dist/.gitkeep must outlive a build; `npm run build` clears the rest itself.
    emptyOutDir: false,
    manifest: true,
    chunkSizeWarningLimit: 700,
  },
  server: {
    port: 5173,
    proxy: { '/v1': { target: process.env.PARLEY_DEV_URL ?? 'http://127.0.0.1:8099', ws: true } },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test/setup.ts'],
    restoreMocks: true,
  },
})
