// The palette, the shortcuts and the sheet that lists them. They hold against the mock and a real server.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, answers, composer, ended, enter, launch, patience, say, shot, sizes, target, watch } from './harness.mjs'

const skip = target.url ? false : 'PARLEY_E2E_URL is not set'
let browser, context, page, faults

before(async () => {
  if (skip) return
  browser = await launch()
  context = await browser.newContext({ viewport: sizes.desktop, colorScheme: 'light', locale: 'en-GB' })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(target.url).origin })
  context.setDefaultTimeout(patience)
  faults = watch(context)
  page = await context.newPage()
  await enter(page)
})
after(() => browser?.close())

const palette = () => page.getByRole('dialog', { name: 'Search and commands' })
const field = () => palette().getByRole('combobox')
const option = (name) => palette().getByRole('option', { name })
const press = (keys) => page.keyboard.press(keys)

test('the palette is used by keys alone', { skip }, async () => {
  await press('Control+k')
  await field().waitFor()
  await option('New chat').waitFor()
  await accessible(page)
  await shot(page, 'palette')
  await page.keyboard.type('dark')
  await palette().getByRole('option').nth(1).waitFor({ state: 'detached' })
  await press('Enter')
  await page.locator('html[data-theme=dark]').waitFor()
  await press('Control+k')
  await field().waitFor()
  await accessible(page)
  await shot(page, 'palette-dark')
  await field().fill('theme')
  await option('Theme: System').waitFor()
  await press('ArrowDown')
  assert.match(await palette().locator('[aria-selected=true]').innerText(), /System/)
  await press('ArrowUp')
  await press('Enter')
  await page.locator('html[data-theme=light]').waitFor()
})

test('it closes by the key that opened it, and gives the focus back', { skip }, async () => {
  await composer(page).focus()
  await press('Control+k')
  await field().waitFor()
  await press('Control+k')
  await palette().waitFor({ state: 'hidden' })
  await page.waitForFunction(() => document.activeElement?.id === 'composer')
})

test('every dialog gives the focus back', { skip }, async () => {
  const account = page.getByRole('button', { name: /^Account and settings/ })
  await account.focus()
  await press('Enter')
  await page.getByRole('menuitem', { name: 'Settings' }).press('Enter')
  const settings = page.getByRole('dialog', { name: 'Settings' })
  await settings.waitFor()
  await press('Escape')
  await settings.waitFor({ state: 'hidden' })
  await page.waitForFunction((el) => document.activeElement === el, await account.elementHandle())
  await press('Control+k')
  await field().fill('shortcuts')
  await press('Enter')
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await sheet.waitFor()
  await press('Escape')
  await sheet.waitFor({ state: 'hidden' })
  await page.waitForFunction((el) => document.activeElement === el, await account.elementHandle())
})

test('it finds chats by their titles', { skip }, async () => {
  await say(page, 'Give me a short answer: what is a tide?')
  await page.locator('nav a[aria-current=page]').waitFor()
  const title = (await page.locator('nav a[aria-current=page]').innerText()).trim()
  await press('Control+Shift+O')
  await page.getByText('What can I help you with?').waitFor()
  await press('Control+k')
  await field().fill(title)
  await palette().getByRole('group', { name: 'Chats' }).getByRole('option').first().click()
  await answers(page).last().waitFor()
})

test('shortcuts: sidebar, last answer, composer', { skip }, async () => {
  const text = await answers(page).last().locator('.prose').innerText()
  await press('Control+Shift+C')
  await page.getByText('The answer was copied.').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  assert.ok(copied.includes(text.trim().split(/\W/)[0]))
  await press('Control+Shift+S')
  await page.getByRole('navigation', { name: 'Chats' }).waitFor({ state: 'hidden' })
  await press('Control+Shift+S')
  await page.getByRole('navigation', { name: 'Chats' }).waitFor()
  await page.locator('nav a').first().focus()
  await press('Shift+Escape')
  assert.ok(await composer(page).evaluate((el) => el === document.activeElement))
})

test('an answer on its way is stopped from the palette', { skip }, async () => {
  await say(page, 'Write a very long text about the rivers, with many chapters.', { wait: false })
  await press('Control+k')
  await field().fill('stop')
  if (await option('Stop the answer').isVisible()) await press('Enter')
  else await press('Escape')
  await ended(page)
})

test('an administrator reaches the pages of the administration', { skip }, async () => {
  await press('Control+k')
  await field().fill('administration users')
  await option('Users').waitFor()
  await press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor()
  await press('Control+Shift+O')
  await page.waitForFunction(() => document.activeElement?.id === 'composer')
})

test('the sheet lists the shortcuts, and switches them off', { skip }, async () => {
  await press('Control+/')
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await sheet.getByText('Copy the last answer').waitFor()
  await accessible(page)
  await shot(page, 'shortcuts')
  await sheet.getByRole('radio', { name: 'Off' }).click()
  await press('Escape')
  await sheet.waitFor({ state: 'hidden' })
  await press('Control+/')
  await press('Control+Shift+S')
  await page.getByRole('navigation', { name: 'Chats' }).waitFor()
  await page.reload()
  await composer(page).waitFor()
  await press('Control+Shift+S')
  assert.ok(await page.getByRole('navigation', { name: 'Chats' }).isVisible())
  await page.getByRole('button', { name: 'Search' }).click()
  await option('Keyboard shortcuts').click()
  await sheet.getByRole('radio', { name: 'On' }).click()
  await press('Control+/')
  await sheet.waitFor({ state: 'hidden' })
})

test('nothing was asked of another host, and nothing broke the policy', { skip }, () => {
  assert.deepEqual(faults, [])
})
