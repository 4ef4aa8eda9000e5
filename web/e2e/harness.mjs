import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { chromium } from 'playwright-core'

/** Where the server under test is, and how to get in. */
export const target = {
  url: process.env.PARLEY_E2E_URL,
  /** The one-time set-up link; without it the account below must exist. */
  setup: process.env.PARLEY_E2E_SETUP,
  email: process.env.PARLEY_E2E_EMAIL ?? 'grace@example.com',
  password: process.env.PARLEY_E2E_PASSWORD ?? 'a long enough password',
  /** Set when the server is the mock, which can be put in trouble on request. */
  mock: Boolean(process.env.PARLEY_E2E_MOCK),
  /** The stand-in hub of with-hub.mjs: a server that has it has two models that chat. */
  hub: process.env.PARLEY_E2E_HUB,
  shots: process.env.PARLEY_E2E_SHOTS,
  chromium: process.env.PARLEY_E2E_CHROMIUM ?? '/usr/bin/chromium',
}

/** How long something may take to appear, in milliseconds: a busy machine needs its time. */
export const patience = 30_000

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export const launch = () => chromium.launch({ executablePath: target.chromium, headless: true, args: flags })

export const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

/** Notes whatever a page must never do: other hosts, policy violations, errors. */
export function watch(context) {
  const faults = []
  context.on('request', (req) => {
    if (!/^(data|blob):/.test(req.url()) && new URL(req.url()).origin !== new URL(target.url).origin) faults.push(`request to ${req.url()}`)
  })
  context.on('weberror', (err) => faults.push(`uncaught: ${err.error().stack}`))
  context.on('console', (msg) => {
    // The browser itself logs each refused request; those are looked at where they are expected.
    if (msg.type() === 'error' && !msg.text().startsWith('Failed to load resource')) faults.push(`console: ${msg.text()}`)
  })
  return faults
}

/** Fails when axe finds something wrong with the page as it is, or with a part of it. */
export async function accessible(page, within) {
  await still(page)
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate((part) => globalThis.axe.run(part ?? document, { resultTypes: ['violations'] }), within)
  // Menus and tooltips float outside the landmarks, as they should.
  const floating = (v) => v.id === 'region' && v.nodes.every((n) => n.html.includes('data-radix-popper'))
  const told = violations.filter((v) => !floating(v)).map((v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${n.html}\n  ${n.failureSummary}`).join('\n')}`)
  assert.equal(told.join('\n'), '', `axe on ${page.url()}`)
}

/** Waits until nothing moves any more: colours in mid-fade fail a contrast check. What never comes to rest is named. */
export async function still(page) {
  const restless = await page.evaluate(async (patience) => {
    const end = performance.now() + patience
    const frame = () => new Promise(requestAnimationFrame)
    const moving = () => document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity)
    // What was just changed begins to move a frame later, and may set other things in motion at its end.
    for (let quiet = 0; quiet < 3; quiet++) {
      await frame()
      const now = moving()
      if (now.length > 0) quiet = 0
      if (performance.now() > end) return now.map((a) => `${a.animationName ?? a.transitionProperty} of ${a.effect?.target?.outerHTML.slice(0, 200)}`)
    }
    return []
  }, patience)
  assert.deepEqual(restless, [], `moving after ${patience} ms`)
}

export async function shot(page, name, options = {}) {
  if (!target.shots) return
  mkdirSync(target.shots, { recursive: true })
  await still(page)
  await page.screenshot({ path: join(target.shots, `${name}.png`), ...options })
}

/** Changes the mock's weather. */
export async function weather(settings) {
  const res = await fetch(new URL('/__mock', target.url), { method: 'POST', body: JSON.stringify(settings) })
  assert.equal(res.status, 200)
}

/** The field that messages are written in. */
export const composer = (page) => page.getByRole('textbox', { name: 'Message', exact: true })

export const answers = (page) => page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'Parley said' }) })

/** What a person wrote that has the text: an answer may well repeat it. */
export const question = (page, text) => page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'You said' }) }).getByText(text)

/** Sends a message and, unless told otherwise, waits for the end of the answer. */
export async function say(page, text, { wait = true } = {}) {
  const before = await answers(page).count()
  await composer(page).fill(text)
  await composer(page).press('Enter')
  await answers(page).nth(before).waitFor()
  await (wait ? ended(page) : begun(page))
}

/** Waits for the first words of an answer. A small model may find no more than those, and have ended. */
export async function begun(page) {
  const last = answers(page).last()
  await page.getByRole('button', { name: 'Stop', exact: true }).or(last.getByRole('button', { name: 'Answer again' })).first().waitFor()
  await last.locator('.prose').waitFor()
}

/** Waits for the end of the answer. A small model may not find one: then it is stopped. */
export async function ended(page) {
  const send = page.getByRole('button', { name: 'Send', exact: true })
  await send.waitFor({ timeout: 15_000 }).catch(() => page.keyboard.press('Escape'))
  await send.waitFor()
  await answers(page).last().getByRole('button', { name: 'Answer again' }).waitFor()
}

/** Waits until the last answer is longer than it was. */
export async function grown(page, than) {
  await page.waitForFunction((n) => ([...document.querySelectorAll('.prose')].at(-1)?.innerText.length ?? 0) > n, than)
}

/** Waits until the conversation is so many pixels higher than its box: before, there is nothing to scroll. */
export async function overflows(page, by) {
  await page.getByRole('region', { name: 'Conversation' }).evaluate(async (el, by) => {
    const box = el.parentElement
    const ends = performance.now() + 20_000
    while (box.scrollHeight < box.clientHeight + by) {
      if (performance.now() > ends) throw new Error('the conversation stays too short to scroll')
      await new Promise(requestAnimationFrame)
    }
  }, by)
}

/**
 * Runs what watches an answer grow. A small model may end its answer before there is anything to see: then
 * the try proves nothing, and another is made in a new chat. Whatever fails otherwise has failed.
 */
export async function watching(page, run, tries = 4) {
  for (let n = 1; ; n++) {
    try {
      return await run()
    } catch (err) {
      const over = await page.getByRole('button', { name: 'Send', exact: true }).isVisible()
      const stopped = await answers(page).last().getByText('The answer was stopped before its end.').isVisible()
      if (target.mock || n === tries || !over || stopped) throw err
      await Promise.all(page.context().pages().filter((p) => p !== page).map((p) => p.close()))
      await newChat(page)
    }
  }
}

/** Begins a new chat by the link in the sidebar. */
export async function newChat(page) {
  await page.getByRole('link', { name: 'New chat' }).first().click()
  await page.getByText('What can I help you with?').waitFor()
}

/** The text of the last answer once it stands: what has just ended may be drawn anew a moment later. */
export async function finalText(page) {
  let before
  for (let tries = 0; tries < 50; tries++) {
    const now = await lastText(page)
    if (now && now === before) return now
    before = now
    await page.waitForTimeout(100)
  }
  throw new Error(`the answer does not come to rest: ${before}`)
}

export const lastText = (page) => answers(page).last().locator('.prose').innerText()

/** Presses Tab, or Shift+Tab, until the focus is on what a locator names, and fails when it never is. */
export async function tabTo(page, what, keys = 'Tab') {
  await what.waitFor()
  for (let n = 0; n < 150; n++) {
    if (await what.evaluate((el) => el === document.activeElement)) return
    await page.keyboard.press(keys)
  }
  throw new Error(`${what} is not reached by ${keys}`)
}

/** The models of the server that chat. */
export async function chatModels(page) {
  const { data } = await page.evaluate(() => fetch('/v1/models').then((res) => res.json()))
  return data.filter((m) => (m.parley?.kind ?? 'chat') === 'chat').map((m) => m.id)
}

/** Signs in, or makes the first account of a server that has none. */
export async function enter(page) {
  const { setup_needed } = await fetch(new URL('/v1/auth/options', target.url)).then((res) => res.json())
  if (setup_needed) {
    await page.goto(target.setup)
    await page.getByLabel('Your name').fill('Grace Hopper')
    await page.getByLabel('Email').fill(target.email)
    await page.getByLabel('Password', { exact: true }).fill(target.password)
    await page.getByLabel('Organisation').fill('Harbour Works')
    await page.getByRole('button', { name: 'Create the account' }).click()
  } else {
    await page.goto(target.url)
    await page.getByLabel('Email').fill(target.email)
    await page.getByLabel('Password', { exact: true }).fill(target.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await composer(page).waitFor()
}
