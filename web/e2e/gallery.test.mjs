// The gallery of the page's parts, in both themes, contrasts and directions: nothing that axe minds, nothing
// wider than a phone. PARLEY_E2E_SHOTS names a folder for pictures of it.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { accessible, launch, sizes, still, target } from './harness.mjs'

const skip = existsSync(target.chromium) ? false : `there is no browser at ${target.chromium}`
let server, browser, page
const faults = []

before(async () => {
  if (skip) return
  // A port of its own, and no watching: a file that changes meanwhile must not reload the page under test.
  server = await createServer({
    root: fileURLToPath(new URL('..', import.meta.url)),
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, strictPort: false, watch: null, hmr: false, ws: false },
  })
  await server.listen()
  browser = await launch()
  page = await browser.newPage({ viewport: sizes.desktop, colorScheme: 'light', locale: 'en-GB' })
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (err) => faults.push(err.stack))
  page.on('console', (msg) => msg.type() === 'error' && faults.push(msg.text()))
  await page.goto(new URL('/gallery/', server.resolvedUrls.local[0]).href, { timeout: 60_000 })
  await page.getByRole('heading', { level: 1, name: 'Parley’s parts' }).waitFor({ timeout: 60_000 })
})
after(async () => {
  await browser?.close()
  await server?.close()
})

const choose = (name) => page.locator('header').getByRole('radio', { name, exact: true }).click()

/** Runs a check under every combination of theme, contrast and the directions given. */
async function everywhere(check, directions = ['Left to right', 'Right to left']) {
  for (const theme of ['Light', 'Dark']) {
    for (const contrast of ['Normal', 'High']) {
      for (const direction of directions) {
        await choose(theme)
        await choose(contrast)
        await choose(direction)
        await check(`${theme}, ${contrast}, ${direction}`)
      }
    }
  }
  await choose('Light')
  await choose('Normal')
  await choose('Left to right')
}

test('axe finds nothing', { skip }, async () => {
  // Colours have no direction, and what has one has no colours.
  await everywhere(() => accessible(page), ['Left to right'])
  await choose('Right to left')
  await accessible(page)
  await choose('Left to right')
})

test('every section shows something', { skip }, async () => {
  const empty = await page.locator('[data-shows]').evaluateAll((list) => list.filter((el) => el.querySelectorAll('figure').length === 0).map((el) => el.dataset.shows))
  assert.deepEqual(empty, [])
})

test('what opens is accessible too', { skip }, async () => {
  for (const theme of ['Dark', 'Light']) {
    await choose(theme)
    for (const opener of await page.locator('[data-opens]').all()) {
      const kind = await opener.getAttribute('data-opens')
      // A page that scrolls closes its tooltips.
      await opener.scrollIntoViewIfNeeded()
      await still(page)
      if (kind === 'tooltip') await opener.hover()
      else await opener.click()
      const role = { tooltip: 'tooltip', menu: 'menu', dialog: 'dialog' }[kind]
      if (role) await page.getByRole(role).first().waitFor()
      await accessible(page, role ? `[role=${role}]` : '[aria-live]')
      await page.keyboard.press('Escape')
      if (role && role !== 'tooltip') await page.getByRole(role).first().waitFor({ state: 'hidden' })
    }
  }
})

test('nothing is wider than a phone', { skip }, async () => {
  await page.setViewportSize(sizes.phone)
  await everywhere(async (how) => {
    const wide = await page.evaluate(() => {
      const { clientWidth, scrollWidth } = document.documentElement
      if (scrollWidth <= clientWidth) return []
      return [...document.querySelectorAll('figure, figure *')]
        .filter((el) => !el.closest('pre'))
        .filter((el) => {
          const { left, right } = el.getBoundingClientRect()
          return left < -1 || right > clientWidth + 1
        })
        .map((el) => `${el.closest('[data-shows]')?.dataset.shows}: ${el.tagName} ${el.className}`)
    })
    assert.deepEqual(wide, [], how)
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), how)
  })
  await page.setViewportSize(sizes.desktop)
})

test('pictures of it', { skip: skip || (target.shots ? false : 'PARLEY_E2E_SHOTS is not set') }, async () => {
  mkdirSync(target.shots, { recursive: true })
  // Code and formulas are drawn as they come near.
  for (const box of await page.locator('pre:visible, .formula:visible, .prose:visible').all()) await box.scrollIntoViewIfNeeded()
  const devtools = await page.context().newCDPSession(page)
  for (const theme of ['Dark', 'Light']) {
    await choose(theme)
    await page.evaluate(() => scrollTo(0, 0))
    await still(page)
    for (const chapter of await page.locator('[data-chapter]').all()) {
      const clip = await chapter.evaluate((el) => {
        const { left, top, width, height } = el.getBoundingClientRect()
        return { x: left - 32, y: top + scrollY - 32, width: width + 64, height: height + 64, scale: 1 }
      })
      const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: 50, captureBeyondViewport: true, clip })
      const name = `gallery-${await chapter.getAttribute('id')}-${theme.toLowerCase()}.webp`
      writeFileSync(join(target.shots, name), Buffer.from(data, 'base64'))
    }
  }
})

test('nothing went wrong on the way', { skip }, () => assert.deepEqual(faults, []))
