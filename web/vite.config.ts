import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// KaTeX names each font in three formats. Every browser that runs this page reads the first, so only that is built.
const onlyWoff2: Plugin = {
  name: 'only-woff2',
  enforce: 'pre',
  transform: (code, id) => (/katex[\w.-]*\.css/.test(id) ? code.replace(/,\s*url\([^)]+\)\s*format\("(?:woff|truetype)"\)/g, '') : undefined),
}

// The files that every address needs, which run one after the other; before them come two small ones.
const everywhere = 'react|router|base'

// What every address needs the page itself tells the browser, before a script is there to ask for it, and that what is
// drawn first is wanted first. Where the chat lies it tells src/main.ts, which knows whether it is wanted.
const told = new RegExp(`assets/(?:rolldown-runtime|first|${everywhere})-[^/]*\\.js$`)
const ahead: Plugin = {
  name: 'ahead',
  transformIndexHtml: {
    order: 'post',
    handler: (_, { path, bundle = {} }) => {
      if (path !== '/index.html') return []
      const files = (part: string) => Object.keys(bundle).filter((name) => new RegExp(`^assets/${part}-[^/]*\\.js$`).test(name))
      return [
        ...files(`(?:${everywhere})`).map((name) => ({ tag: 'link', attrs: { rel: 'modulepreload', fetchpriority: 'low', href: `/${name}` }, injectTo: 'head' as const })),
        ...['chat', 'sidebar'].flatMap((part) => files(part).map((name) => ({ tag: 'meta', attrs: { name: `script-${part}`, content: `/${name}` }, injectTo: 'head' as const }))),
      ]
    },
  },
}

// What the page starts with comes in few files, not in fifty: what src/main.ts needs itself, what every address needs,
// sign-in included, in three parts that run one after the other, what the chat needs besides, and its sidebar. Each
// file holds these modules and all that they import; a module that two of them need is in the earlier one. Everything
// else is left to the bundler.
const groups = [
  // Not main.ts itself: the page of diagrams shares this file, and must not begin the other page.
  { name: 'first', priority: 3, test: /src\/(api\/early|app\/(first|pages|room)|features\/chat\/greet|i18n\/(greeting|languages))\.ts$|vite\/preload-helper/ },
  { name: 'react', priority: 2.2, test: /node_modules\/(react|react-dom|scheduler)\// },
  { name: 'router', priority: 2.1, test: /src\/app\/router\.tsx$/ },
  { name: 'base', priority: 2, test: /src\/(start|features\/auth\/SignInPage)\.tsx$/ },
  { name: 'chat', priority: 1, test: /src\/app\/Shell\.tsx$/ },
  { name: 'sidebar', priority: 0, test: /src\/features\/conversations\/Sidebar\.tsx$/ },
]

export default defineConfig({
  plugins: [onlyWoff2, ahead, react(), tailwindcss()],
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
    modulePreload: {
      polyfill: false,
      // What the page itself has told the browser is not told again by each part that is fetched later.
      resolveDependencies: (_, files, { hostType }) => (hostType === 'html' ? files : files.filter((file) => !told.test(file))),
    },
    // dist/.gitkeep must outlive a build; `npm run build` clears the rest itself.
    emptyOutDir: false,
    manifest: true,
    chunkSizeWarningLimit: 700,
    // Diagrams are drawn in a page of their own, which the server sends with a policy of its own.
    rolldownOptions: {
      input: { index: here('./index.html'), diagram: here('./diagram.html') },
      output: { codeSplitting: { groups } },
    },
  },
  worker: { format: 'es' },
  server: {
    port: 5173,
    proxy: { '/v1': { target: process.env.PARLEY_DEV_URL ?? 'http://127.0.0.1:8099', ws: true } },
  },
  test: {
    environment: 'jsdom',
    include: ['{src,gallery}/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test/setup.ts'],
    testTimeout: 20_000,
    restoreMocks: true,
  },
})
