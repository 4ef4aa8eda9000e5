// The main way through the page by keyboard alone, on a wide screen and on one of a phone's width. No test
// here may touch a pointer: the page itself counts what pointers do, and where the focus goes is found by Tab.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, answers, begun, chatModels, ended, enter, finalText, launch, patience, question, sizes, tabTo, target, watch, watching } from './harness.mjs'

const skip = target.url ? false : 'PARLEY_E2E_URL is not set'
let browser
before(async () => {
  if (!skip) browser = await launch()
})
after(() => browser?.close())

for (const [size, viewport] of Object.entries(sizes)) {
  const narrow = size === 'phone'
  let context, page, faults
  const press = (keys) => page.keyboard.press(keys)
  const type = (text) => page.keyboard.type(text)
  const button = (name, within = page) => within.getByRole('button', { name, exact: typeof name === 'string' })
  /** Whether the focus is anywhere: it comes back a moment after what had it is gone. */
  const focused = () =>
    page.waitForFunction(() => document.activeElement !== document.body, null, { timeout: 3000 }).then(
      () => true,
      () => false,
    )
  const writing = () => page.waitForFunction(() => document.activeElement?.id === 'composer')
  const say = async (text) => {
    const before = await answers(page).count()
    await type(text)
    await press('Enter')
    await answers(page).nth(before).waitFor()
  }
  /** Opens the menu of the account: in the sidebar, which is a drawer where there is no room. */
  const account = async (item) => {
    if (narrow) {
      await tabTo(page, button('Open the sidebar'), 'Shift+Tab')
      await press('Enter')
      await page.getByRole('dialog').waitFor()
    }
    await tabTo(page, button(/^Account and settings/))
    await press('Enter')
    const entry = page.getByRole('menuitem', { name: item })
    await entry.waitFor()
    for (let n = 0; n < 10 && !(await entry.evaluate((el) => el === document.activeElement)); n++) await press('ArrowDown')
    await press('Enter')
  }

  test(`${size}: signing in`, { skip }, async () => {
    context = await browser.newContext({ viewport, colorScheme: 'light', locale: 'en-GB' })
    context.setDefaultTimeout(patience)
    faults = watch(context)
    page = await context.newPage()
    await enter(page) // a server without an account gets its first
    await context.clearCookies()
    await page.addInitScript(() => {
      const count = () => sessionStorage.setItem('pointed', '1')
      for (const kind of ['pointerdown', 'mousedown', 'mousemove', 'touchstart', 'wheel']) addEventListener(kind, count, true)
    })
    await page.goto(new URL('/sign-in', target.url).href)
    await page.waitForFunction(() => document.activeElement?.getAttribute('name') === 'email')
    await type(target.email)
    await press('Tab')
    await type(target.password)
    await press('Enter')
    await writing()
  })

  test(`${size}: writing, sending and stopping`, { skip }, async () => {
    await watching(page, async () => {
      await say('Write a very long text about the sea, with many chapters.')
      await begun(page)
      await press('Escape')
      await ended(page)
      await page.getByText('The answer was stopped before its end.').waitFor()
    })
    await writing()
    assert.ok((await finalText(page)).length > 0)
    await press('Control+Shift+O')
    await page.getByText('What can I help you with?').waitFor()
    await writing()
    await say('Give me a short answer: is water wet?')
    await ended(page)
  })

  test(`${size}: an edit makes a sibling, and the arrows lead to and fro`, { skip }, async () => {
    await tabTo(page, button('Edit').first(), 'Shift+Tab')
    await press('Enter')
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Edit your message')
    await press('Control+a')
    await type('Give me a short answer: is ice cold?')
    await press('Control+Enter')
    await question(page, 'is ice cold?').waitFor()
    await ended(page)
    assert.ok(await focused(), 'the focus is kept when the editor closes')
    const versions = (n) => page.getByRole('group', { name: `Version ${n} of 2` }).first()
    await tabTo(page, button('Previous version', versions(2)), 'Shift+Tab')
    await press('Enter')
    await question(page, 'is water wet?').waitFor()
    await versions(1).locator(':focus').waitFor() // the focus stays with the arrows
    await tabTo(page, button('Next version', versions(1)))
    await press('Enter')
    await question(page, 'is ice cold?').waitFor()
    await versions(2).locator(':focus').waitFor() // the focus stays with the arrows
  })

  test(`${size}: an answer once more`, { skip }, async () => {
    await tabTo(page, button('Answer again', answers(page).last()))
    await press('Enter')
    await answers(page).last().getByRole('group', { name: 'Version 2 of 2' }).waitFor({ state: 'attached' })
    await ended(page)
    assert.ok(await focused(), 'the focus is kept when an answer is begun anew')
  })

  test(`${size}: the palette, and another model`, { skip }, async (t) => {
    await press('Control+k')
    const palette = page.getByRole('dialog', { name: 'Search and commands' })
    await palette.getByRole('combobox').waitFor()
    await type('focus')
    await accessible(page)
    await press('Escape')
    await palette.waitFor({ state: 'hidden' })
    assert.ok(await focused())
    const models = await chatModels(page)
    if (models.length < 2 && !target.hub) return t.skip('the server has one model that chats')
    const picker = button(/^Choose a model/)
    const chosen = async () => (await picker.getAttribute('aria-label')).replace(/^.*: /, '')
    const before = await chosen()
    await tabTo(page, picker, 'Shift+Tab')
    await press('Enter')
    await page.getByRole('combobox', { name: 'Choose a model' }).waitFor()
    await type(models.find((id) => id !== before))
    await page.getByRole('option').nth(1).waitFor({ state: 'detached' })
    await press('Enter')
    await page.getByRole('combobox', { name: 'Choose a model' }).waitFor({ state: 'hidden' })
    assert.notEqual(await chosen(), before)
    await picker.and(page.locator(':focus')).waitFor()
    await press('Shift+Escape')
    await writing()
    await say('Give me a short answer: which model are you?')
    await ended(page)
  })

  test(`${size}: the settings, and signing out`, { skip }, async () => {
    await account('Settings')
    const dialog = page.getByRole('dialog', { name: 'Settings' })
    await dialog.waitFor()
    await tabTo(page, dialog.getByRole('tab', { selected: true }))
    const first = await dialog.getByRole('tab', { selected: true }).innerText()
    await press(narrow ? 'ArrowRight' : 'ArrowDown')
    await page.waitForFunction((was) => document.querySelector('[role=dialog] [role=tab][aria-selected=true]')?.textContent !== was, first)
    await accessible(page)
    await press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    assert.ok(await focused())
    await account('Sign out')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })

  test(`${size}: no pointer was used, and nothing broke the policy`, { skip }, async () => {
    assert.equal(await page.evaluate(() => sessionStorage.getItem('pointed')), null)
    assert.deepEqual(faults, [])
    await context.close()
  })
}
