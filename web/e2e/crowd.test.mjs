// A page with much in it: ten thousand chats, and one of two thousand messages. The mock makes them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, composer, launch, patience, shot, sizes, target, watch, weather } from './harness.mjs'

const skip = target.mock ? false : 'needs the mock: npm run e2e:mock'
const user = { email: 'crowd@example.com', name: 'Ada Lovelace', password: 'correct horse' }
let browser, page, faults

const rows = () => page.locator('nav li')
const list = () => page.locator('nav ul').locator('..')

before(async () => {
  if (skip) return
  await weather({ user })
  await weather({ crowd: { email: user.email, chats: 10_000, messages: 2_000 } })
  browser = await launch()
  const context = await browser.newContext({ viewport: sizes.desktop, colorScheme: 'light', locale: 'en-GB' })
  context.setDefaultTimeout(patience)
  faults = watch(context)
  page = await context.newPage()
  await page.goto(target.url)
  await page.getByLabel('Email').fill(user.email)
  await page.getByLabel('Password', { exact: true }).fill(user.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await composer(page).waitFor()
})
after(() => browser?.close())

test('of ten thousand chats only those in sight are drawn, and the rest is fetched on the way', { skip }, async () => {
  await rows().first().waitFor()
  assert.ok((await rows().count()) < 80)
  const height = () => page.locator('nav ul').evaluate((el) => el.offsetHeight)
  const before = await height()
  for (let i = 0; i < 6; i++) {
    await list().evaluate((el) => el.scrollTo(0, el.scrollHeight))
    await page.waitForFunction((n) => document.querySelector('nav ul').offsetHeight > n, before + i * 3_000)
  }
  assert.ok((await rows().count()) < 80)
  // The heading of what is in sight stays at the top.
  const sticky = await page.locator('nav li.sticky').boundingBox()
  const box = await list().boundingBox()
  assert.ok(Math.abs(sticky.y - box.y) < 2)
  await accessible(page)
  await shot(page, 'crowd-sidebar')
})

test('the arrow keys walk through the list', { skip }, async () => {
  await list().evaluate((el) => el.scrollTo(0, 0))
  await page.locator('nav li a').first().focus()
  for (let i = 0; i < 60; i++) await page.keyboard.press('ArrowDown')
  await page.waitForFunction(() => Number(document.activeElement.closest('li')?.dataset.index) >= 60)
  assert.ok((await list().evaluate((el) => el.scrollTop)) > 500)
})

test('a chat goes to a folder by dragging, and back by undoing', { skip }, async () => {
  await list().evaluate((el) => el.scrollTo(0, 0))
  await page.getByRole('button', { name: 'New folder' }).click()
  await page.getByLabel('Name of the folder').fill('Dragged')
  await page.keyboard.press('Enter')
  const folder = page.getByRole('button', { name: /^Dragged/ })
  await folder.waitFor()
  await page.getByText('Chat number 3 about').dragTo(folder)
  await page.getByText('Moved to “Dragged”.').waitFor()
  await page.getByText('Chat number 3 about').waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Chat number 3 about').waitFor()
})

test('of two thousand messages those in sight are drawn, and all can be found', { skip }, async () => {
  await list().evaluate((el) => el.scrollTo(0, 0))
  await page.getByRole('link', { name: 'A chat of 2000 messages' }).click()
  const box = page.locator('[data-scrolls]')
  await page.locator('.prose').last().waitFor()
  await page.getByRole('region', { name: 'Conversation' }).locator('article').nth(1_999).waitFor({ state: 'attached' })
  assert.ok((await page.locator('.prose').count()) < 60)
  const end = await box.evaluate((el) => el.scrollHeight - el.clientHeight - el.scrollTop)
  assert.ok(end < 4, 'it opens at its end')
  assert.ok(await page.evaluate(() => window.find('Question 400?', false, false, true)), 'the browser finds what is not drawn yet')
  await box.hover()
  for (let i = 0; i < 20; i++) await page.mouse.wheel(0, -700)
  // Once what came near is drawn, nothing moves any more.
  const drawn = () => page.locator('.prose').count()
  for (let before = -1; before !== (await drawn()); await page.waitForTimeout(500)) before = await drawn()
  const places = () =>
    page.evaluate(() => [...document.querySelectorAll('.row')].map((row, i) => [i, Math.round(row.getBoundingClientRect().top)]).filter(([, top]) => top > 0 && top < innerHeight))
  const at = await places()
  await page.waitForTimeout(400)
  assert.deepEqual(await places(), at)
  await shot(page, 'crowd-chat')
})

test('nothing was asked of another host, and nothing broke the policy', { skip }, () => {
  assert.deepEqual(faults, [])
})
