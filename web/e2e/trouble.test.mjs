// The page when things go wrong. Only the mock goes wrong on request, so a real server skips these.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, answers, composer, ended, finalText, launch, newChat, patience, say, shot, sizes, target, watch, weather } from './harness.mjs'

const skip = target.mock ? false : 'needs the mock: npm run e2e:mock'
const calm = { dropAfter: 0, splitBytes: false, chatReady: true, sso: false, pace: 4 }
const ada = { email: 'trouble@example.com', name: 'Ada Lovelace', password: 'correct horse' }
let browser, context, page, faults

before(async () => {
  if (skip) return
  await weather({ ...calm, user: ada })
  browser = await launch()
  context = await browser.newContext({ viewport: sizes.desktop, colorScheme: 'light', locale: 'en-GB' })
  context.setDefaultTimeout(patience)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(target.url).origin })
  faults = watch(context)
  page = await context.newPage()
  await page.goto(target.url)
  await signIn()
})
after(async () => {
  await browser?.close()
  if (!skip) await weather(calm)
})

async function signIn(password = ada.password, email = ada.email) {
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const fresh = () => newChat(page)

test('hostile Markdown stays harmless', { skip }, async () => {
  await composer(page).waitFor()
  await say(page, 'hostile')
  assert.equal(await page.locator('.prose img, .prose script').count(), 0)
  assert.equal(await page.locator('.prose a').count(), 1)
  assert.equal(await page.locator('.prose a').getAttribute('rel'), 'noopener noreferrer nofollow')
  await page.getByText('Image not loaded: a secret').waitFor()
  await accessible(page)
  await shot(page, 'hostile')
})

test('tables and code', { skip }, async () => {
  await fresh()
  await say(page, 'table')
  await say(page, 'code')
  await page.locator('pre').getByText('package main').waitFor()
  await accessible(page)
  await shot(page, 'table-code')
  await page.setViewportSize(sizes.phone)
  await shot(page, 'phone-table-code')
  await page.setViewportSize(sizes.desktop)
})

test('coloured code, formulas, diagrams, footnotes, thoughts', { skip }, async () => {
  const dark = (theme) => page.evaluate((t) => (document.documentElement.dataset.theme = t), theme)
  const see = async (name) => {
    await accessible(page)
    await shot(page, name)
    await dark('dark')
    await accessible(page)
    await shot(page, `${name}-dark`)
    await dark('light')
  }
  await fresh()
  await say(page, 'everything')
  await page.locator('.prose .katex-display').nth(1).waitFor()
  await page.locator('pre .code-keyword').first().waitFor()
  assert.equal(await page.locator('.prose .katex').count(), 4)
  // The mark of a footnote leads to it.
  await page.getByRole('button', { name: 'Footnote 2', exact: true }).click()
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^The second note/)
  await see('everything')
  // Each sheet of colours and each font comes from this server, and the fonts are there.
  assert.ok(await page.evaluate(() => document.fonts.check('16px KaTeX_Main')))

  await fresh()
  await say(page, 'diagram')
  const picture = page.getByRole('img', { name: 'Diagram of the kind “flowchart”' })
  await picture.waitFor()
  await page.getByRole('img', { name: 'Diagram of the kind “sequenceDiagram”' }).waitFor()
  assert.ok(await picture.evaluate((img) => img.decode().then(() => img.naturalWidth > 200)))
  const light = await picture.getAttribute('src')
  await see('diagrams')
  await page.waitForFunction((src) => document.querySelector('figure img').src !== src, light)
  // The frame that draws is of no origin, and its policy lets nothing but its own scripts in.
  const frame = page.frames().find((f) => f.url().endsWith('/diagram.html'))
  assert.equal(await frame.evaluate(() => globalThis.origin), 'null')
  await page.getByRole('button', { name: 'Show the code' }).first().press('Enter')
  await page.locator('pre').getByText('A[Browser]').waitFor()
  assert.equal(await page.locator('figure').count(), 1)
  await page.locator('pre').getByText('A -->').last().waitFor()

  await fresh()
  await say(page, 'think')
  await page.getByRole('button', { name: /^Thought for \d+ second/ }).press('Enter')
  await page.getByText('has more digits').waitFor()
  await see('thoughts')
  // What the model thought is not part of what it said.
  await answers(page).last().getByRole('button', { name: 'Copy', exact: true }).click()
  assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), '**9.9** is larger than 9.11.')
})

test('a connection that breaks again and again', { skip }, async () => {
  await fresh()
  await weather({ dropAfter: 9, splitBytes: true, pace: 1 })
  await say(page, 'What is a context window? It breaks.')
  const text = await finalText(page)
  await weather(calm)
  await page.reload()
  await ended(page)
  assert.equal(await finalText(page), text)
})

test('the place in the queue', { skip }, async () => {
  await fresh()
  await weather({ pace: 60 })
  await composer(page).fill('queue, please')
  await composer(page).press('Enter')
  await page.getByText('3 requests are before yours').waitFor()
  await accessible(page)
  await shot(page, 'queue')
  await weather({ pace: 1 })
  await ended(page)
})

test('an answer that fails can be asked for again', { skip }, async () => {
  await fresh()
  await say(page, 'fail')
  await page.getByText('The answer could not be finished.').waitFor()
  await accessible(page)
  await shot(page, 'failed')
  await page.getByRole('button', { name: 'Try again' }).click()
  await answers(page).last().getByRole('group', { name: 'Version 2 of 2' }).waitFor()
})

test('a refused message goes back into the field', { skip }, async () => {
  await fresh()
  await composer(page).fill('refuse this')
  await composer(page).press('Enter')
  await page.getByText('Parley is busy. Try again in 3 s.').waitFor()
  assert.equal(await composer(page).inputValue(), 'refuse this')
  await composer(page).fill('')
})

test('without a chat model the page says what to run', { skip }, async () => {
  await weather({ chatReady: false })
  await page.reload()
  await page.getByText('parley model pull smollm2-135m-instruct').waitFor()
  assert.ok(await composer(page).isDisabled())
  await accessible(page)
  await shot(page, 'no-model')
  await weather(calm)
  await page.getByText('There is no chat model yet.').waitFor({ state: 'hidden' })
})

test('a session that ends keeps the draft', { skip }, async () => {
  await composer(page).fill('still here')
  await weather({ endSessions: true })
  await page.locator('nav li a').first().click()
  await page.getByText('Your session has ended.').waitFor()
  await accessible(page)
  await signIn()
  await composer(page).waitFor()
  await newChat(page)
  assert.equal(await composer(page).inputValue(), 'still here')
})

test('sign-in: throttled, several organisations, single sign-on', { skip }, async () => {
  await weather({ endSessions: true, sso: true, user: { ...ada, email: 'two@example.com', tenant: { id: 'ten_1', slug: 'acme', name: 'Acme' } } })
  await weather({ user: { ...ada, email: 'two@example.com', tenant: { id: 'ten_2', slug: 'lab', name: 'The Laboratory' } } })
  await page.goto(target.url)
  await page.getByRole('link', { name: 'Continue with Corp SSO' }).waitFor()
  await accessible(page)
  await shot(page, 'sign-in-sso')
  await page.getByRole('link', { name: 'Continue with Corp SSO' }).click()
  await page.getByText('the mock has no provider').waitFor()
  for (let i = 0; i < 5; i++) {
    await signIn('wrong', 'nobody@example.com')
    await page.getByText('The email or the password is wrong.').waitFor()
    await page.getByLabel('Email').fill('')
  }
  await signIn('wrong', 'nobody@example.com')
  await page.getByText('Too many tries.').waitFor()
  await page.getByRole('button', { name: /^Wait \d+ s$/ }).waitFor()
  await accessible(page)
  await shot(page, 'throttled')
  await page.goto(target.url)
  await signIn(ada.password, 'two@example.com')
  await page.getByRole('button', { name: 'The Laboratory' }).waitFor()
  await accessible(page)
  await shot(page, 'tenants')
  await page.getByRole('button', { name: 'The Laboratory' }).click()
  await composer(page).waitFor()
})

test('German', { skip }, async () => {
  await page.evaluate(() => localStorage.setItem('parley.language', 'de'))
  await page.reload()
  await page.getByText('Wobei kann ich helfen?').waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'de')
})

test('nothing was asked of another host, and nothing broke the policy', { skip }, () => {
  assert.deepEqual(faults, [])
})
