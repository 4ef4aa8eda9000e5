// Lighthouse on the sign-in page and, signed in, on the chat page, as a desktop and as a phone on a slow
// network. Fails under the bar. Each figure is the median of five, since the machine's load moves them; it is told beside.
import { launch } from 'chrome-launcher'
import lighthouse, { desktopConfig } from 'lighthouse'
import { loadavg } from 'node:os'

const bar = 0.95
const url = process.env.PARLEY_URL

// Until it is set up, the server has nothing to sign in to.
const token = new URL(process.env.PARLEY_SETUP_URL).searchParams.get('token')
const account = { token, email: 'lighthouse@example.com', name: 'Lighthouse', password: 'a long enough password', tenant_name: 'Lighthouse' }
const res = await fetch(`${url}/v1/setup`, { method: 'POST', body: JSON.stringify(account), headers: { 'Content-Type': 'application/json' } })
if (!res.ok) throw new Error(`/v1/setup: ${res.status} ${await res.text()}`)
const cookie = res.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ')

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
const pages = [
  { name: 'sign-in', path: '/sign-in', headers: {} },
  { name: 'chat', path: '/', headers: { Cookie: cookie } },
]
// What makes most of the figure for performance: first and largest thing drawn, and how long the page could not answer.
const timings = { FCP: 'first-contentful-paint', LCP: 'largest-contentful-paint', TBT: 'total-blocking-time' }
const chrome = await launch({ chromePath: process.env.CHROMIUM ?? '/usr/bin/chromium', chromeFlags: ['--headless=new', '--no-sandbox'] })
let low = false
try {
  for (const { name, path, headers } of pages) {
    for (const [device, config] of [['desktop', desktopConfig], ['phone', undefined]]) {
      const scores = {}
      const times = {}
      for (let run = 0; run < 5; run++) {
        const flags = { port: chrome.port, extraHeaders: headers, onlyCategories: ['performance', 'accessibility', 'best-practices'] }
        const { lhr } = await lighthouse(url + path, flags, config)
        if (new URL(lhr.finalDisplayedUrl).pathname !== path) throw new Error(`${path} led to ${lhr.finalDisplayedUrl}`)
        for (const c of Object.values(lhr.categories)) (scores[c.id] ??= []).push(c.score)
        for (const [name, id] of Object.entries(timings)) (times[name] ??= []).push(lhr.audits[id].numericValue)
      }
      const told = Object.entries(scores).map(([id, list]) => {
        low ||= median(list) < bar
        return `${id} ${Math.round(100 * median(list))}`
      })
      const why = Object.entries(times).map(([name, list]) => `${name} ${Math.round(median(list))} ms`)
      console.log(`${name.padEnd(8)} ${device.padEnd(8)} ${told.join('  ')}  (${why.join(', ')}; load ${loadavg()[0].toFixed(1)})`)
    }
  }
} finally {
  chrome.kill()
}
if (low) {
  console.error(`under ${100 * bar}`)
  process.exit(1)
}
