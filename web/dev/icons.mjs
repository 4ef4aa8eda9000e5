// Draws the icons of the installed page from icon.svg: `node dev/icons.mjs`.
import { readFileSync } from 'node:fs'
import { chromium } from 'playwright-core'

const file = (name) => new URL(`../public/${name}`, import.meta.url)
const svg = readFileSync(file('icon.svg'), 'utf8')
// A maskable icon is cut to a circle or less; what matters lies in the middle 80 %.
const icons = [
  { name: 'icon-192.png', size: 192, part: 1, ground: 'transparent' },
  { name: 'icon-512.png', size: 512, part: 1, ground: 'transparent' },
  { name: 'icon-maskable-512.png', size: 512, part: 0.62, ground: '#faf9f6' },
  { name: 'apple-touch-icon.png', size: 180, part: 0.74, ground: '#faf9f6' },
]
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
for (const { name, size, part, ground } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  await page.setContent(`<style>body{margin:0;height:100vh;display:grid;place-items:center;background:${ground}}svg{width:${100 * part}vw}</style>${svg}`)
  await page.screenshot({ path: file(name).pathname, omitBackground: ground === 'transparent' })
  await page.close()
}
await browser.close()
