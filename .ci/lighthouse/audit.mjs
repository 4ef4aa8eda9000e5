// Lighthouse on the sign-in page and, signed in, on the chat page, as a desktop and as a phone on a slow
// network. Fails under the bar. Each figure is the median of three, since the machine's load moves them.
import { launch } from 'chrome-launcher'
import lighthouse, { desktopConfig } from 'lighthouse'

const bar = 0.95
const url = process.env.PARLEY_URL
const account = { email: 'lighthouse@example.com', name: 'Lighthouse', password: 'a long enough password', role: 'member' }

async function call(path, body, headers = {}) {
  const res = await fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } })
  if (!res.ok) throw new Error(`${path}: ${res.status} ${await res.text()}`)
  return res
}

await call('/v1/admin/users', account, { Authorization: `Bearer ${process.env.PARLEY_KEY}` })
const cookie = (await call('/v1/session', account)).headers.getSetCookie().map((c) => c.split(';')[0]).join('; ')

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
const pages = [
  { name: 'sign-in', path: '/sign-in', headers: {} },
  { name: 'chat', path: '/', headers: { Cookie: cookie } },
]
const chrome = await launch({ chromePath: process.env.CHROMIUM ?? '/usr/bin/chromium', chromeFlags: ['--headless=new', '--no-sandbox'] })
let low = false
try {
  for (const { name, path, headers } of pages) {
    for (const [device, config] of [['desktop', desktopConfig], ['phone', undefined]]) {
      const scores = {}
      for (let run = 0; run < 3; run++) {
        const flags = { port: chrome.port, extraHeaders: headers, onlyCategories: ['performance', 'accessibility', 'best-practices'] }
        const { lhr } = await lighthouse(url + path, flags, config)
        if (new URL(lhr.finalDisplayedUrl).pathname !== path) throw new Error(`${path} led to ${lhr.finalDisplayedUrl}`)
        for (const c of Object.values(lhr.categories)) (scores[c.id] ??= []).push(c.score)
      }
      const told = Object.entries(scores).map(([id, list]) => {
        low ||= median(list) < bar
        return `${id} ${Math.round(100 * median(list))}`
      })
      console.log(`${name.padEnd(8)} ${device.padEnd(8)} ${told.join('  ')}`)
    }
  }
} finally {
  chrome.kill()
}
if (low) {
  console.error(`under ${100 * bar}`)
  process.exit(1)
}
