// What readers set in their system or their language brings: a page that runs right to left, less motion, more
// contrast, colours that are forced. The tests hold against the mock and against a real server.
import assert from 'node:assert/strict'
import axe from 'axe-core'
import { after, before, test } from 'node:test'
import { accessible, answers, composer, enter, launch, patience, question, say, shot, sizes, still, target, watch } from './harness.mjs'

const skip = target.url ? false : 'PARLEY_E2E_URL is not set'
let browser, session, chat, faults

before(async () => {
  if (skip) return
  browser = await launch()
  const context = await open({})
  const page = await context.newPage()
  await enter(page)
  // Long by itself, so that there is something to scroll whatever the answer is.
  await say(page, `Show me everything: code, a table, a list.${'\n\nAnd tell me why.'.repeat(6)}`)
  chat = new URL(page.url()).pathname
  session = await context.storageState()
  await context.close()
})
after(() => browser?.close())

/** A browser of a reader with wishes of their own, signed in as soon as somebody is. */
async function open(wishes) {
  const context = await browser.newContext({ viewport: sizes.desktop, colorScheme: 'light', locale: 'en-GB', storageState: session, ...wishes })
  context.setDefaultTimeout(patience)
  faults = watch(context)
  return context
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor()
const pages = [
  ['the chat', () => chat, (page) => answers(page).last().locator('.prose').waitFor()],
  ['a new chat', () => '/', (page) => page.getByText('What can I help you with?').waitFor()],
  ['the overview', () => '/admin', (page) => heading(page, 'Overview')],
  ['the users', () => '/admin/users', (page) => page.locator('[data-row]').first().waitFor()],
  ['the usage', () => '/admin/usage', (page) => heading(page, 'Usage')],
  ['the models', () => '/admin/models', (page) => page.locator('[data-row]').first().waitFor()],
  ['the health', () => '/admin/health', (page) => heading(page, 'Health')],
]

/** Goes through the main pages, and does something on each. */
async function everywhere(page, look) {
  for (const [name, path, ready] of pages) {
    await page.goto(new URL(path(), target.url).href)
    await ready(page)
    await look(name)
  }
  assert.deepEqual(faults, [])
}

const toRight = (page) => page.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'))
const fits = (page, name) =>
  page
    .evaluate(() => {
      const { clientWidth, scrollWidth } = document.documentElement
      const out = [...document.querySelectorAll('body *')].filter((el) => {
        const { left, right, width } = el.getBoundingClientRect()
        return width > 0 && (left < -1 || right > clientWidth + 1) && !el.closest('.sr-only, pre, table, [href="#main"], [data-scrolls-across], .katex, svg') && getComputedStyle(el).position !== 'fixed'
      })
      return { wide: scrollWidth > clientWidth, out: out.slice(0, 5).map((el) => `${el.tagName} ${el.className}`) }
    })
    .then((found) => assert.deepEqual(found, { wide: false, out: [] }, name))

for (const [size, viewport] of Object.entries(sizes)) {
  test(`the page runs right to left, ${size}`, { skip }, async () => {
    const context = await open({ viewport, hasTouch: size === 'phone', isMobile: size === 'phone' })
    const page = await context.newPage()
    await everywhere(page, async (name) => {
      await toRight(page)
      await fits(page, `${name}, right to left`)
      await accessible(page)
      await shot(page, `rtl-${size}-${name.replaceAll(' ', '-')}`)
    })
    await context.close()
  })
}

test('the drawer of a page that runs right to left comes from the right', { skip }, async () => {
  const context = await open({ viewport: sizes.phone, hasTouch: true, isMobile: true })
  const page = await context.newPage()
  await page.goto(target.url)
  await composer(page).waitFor()
  // A busy machine would come too late to see the drawer begin to slide.
  const animations = await context.newCDPSession(page)
  await animations.send('Animation.enable')
  for (const dir of ['rtl', 'ltr']) {
    await animations.send('Animation.setPlaybackRate', { playbackRate: 0.01 })
    await page.evaluate((to) => document.documentElement.setAttribute('dir', to), dir)
    await page.getByRole('button', { name: 'Open the sidebar' }).tap()
    const drawer = page.getByRole('dialog', { name: 'Chats' })
    await drawer.waitFor()
    // Where it begins to slide is off the screen, on the side where it comes to rest.
    const began = await drawer.evaluate((el) => {
      const [slide] = el.getAnimations()
      slide.pause()
      slide.currentTime = 0
      const { left, right } = el.getBoundingClientRect()
      slide.finish()
      return { left, right }
    })
    await animations.send('Animation.setPlaybackRate', { playbackRate: 1 })
    const rests = await drawer.evaluate((el) => el.getBoundingClientRect().toJSON())
    const { width } = sizes.phone
    if (dir === 'rtl') {
      assert.ok(began.left >= width - 1, `it begins at ${began.left}`)
      assert.equal(Math.round(rests.right), width)
    } else {
      assert.ok(began.right <= 1, `it begins at ${began.left}`)
      assert.equal(Math.round(rests.left), 0)
    }
    await fits(page, `the drawer, ${dir}`)
    await accessible(page)
    await shot(page, `drawer-${dir}`)
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'hidden' })
  }
  await context.close()
})

test('each text runs its own way, and code runs left to right', { skip }, async () => {
  const context = await open({})
  const page = await context.newPage()
  await page.goto(new URL('/', target.url).href)
  await say(page, 'مرحبا، أجب باختصار: what is short?')
  const runs = (el) => getComputedStyle(el).direction
  assert.equal(await question(page, 'مرحبا').evaluate(runs), 'rtl')
  await composer(page).fill('שלום')
  assert.equal(await composer(page).evaluate(runs), 'rtl')
  await composer(page).fill('')
  await toRight(page)
  assert.equal(await composer(page).evaluate(runs), 'rtl', 'the placeholder runs as the page does')
  await page.goto(new URL(chat, target.url).href)
  await answers(page).last().locator('.prose').waitFor()
  await toRight(page)
  for (const code of await page.locator('.prose code:visible, .katex:visible').all()) assert.equal(await code.evaluate(runs), 'ltr')
  await context.close()
})

test('nothing moves for whom motion is reduced', { skip }, async () => {
  const context = await open({ reducedMotion: 'reduce' })
  const page = await context.newPage()
  const moving = () =>
    page.evaluate(() => {
      const told = (el) => `${el.tagName} ${el.getAttribute('class') ?? ''}`.slice(0, 120)
      const ms = (text) => Math.max(...text.split(',').map((one) => parseFloat(one) * (one.trim().endsWith('ms') ? 1 : 1000)))
      const slow = [...document.querySelectorAll('*')].filter((el) =>
        [null, '::before', '::after'].some((part) => {
          const look = getComputedStyle(el, part)
          return ms(look.transitionDuration) > 1 || (look.animationName !== 'none' && (ms(look.animationDuration) > 1 || look.animationIterationCount === 'infinite')) || look.scrollBehavior === 'smooth'
        }),
      )
      const running = document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime > 1)
      return [...slow.map(told), ...running.map((a) => `runs: ${told(a.effect.target)}`)]
    })
  await everywhere(page, async (name) => assert.deepEqual(await moving(), [], name))
  await page.goto(new URL('/', target.url).href)
  await composer(page).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').waitFor()
  assert.deepEqual(await moving(), [], 'the palette')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await say(page, 'Write a long text about the sea.', { wait: false })
  assert.deepEqual(await moving(), [], 'an answer on its way')
  if (await page.getByRole('button', { name: 'Stop', exact: true }).isVisible()) await page.keyboard.press('Escape')
  // The way back to the end is a jump.
  await page.goto(new URL(chat, target.url).href)
  await answers(page).last().locator('.prose').waitFor()
  await page.setViewportSize({ width: 1000, height: 320 })
  const box = page.locator('[data-scrolls]')
  await box.hover()
  await page.mouse.wheel(0, -400)
  await page.evaluate(() => {
    const { scrollTo } = Element.prototype
    Element.prototype.scrollTo = function (to) {
      globalThis.scrolled = to.behavior
      return scrollTo.call(this, to)
    }
  })
  await page.getByRole('button', { name: 'Jump to the latest' }).click()
  assert.equal(await page.evaluate(() => globalThis.scrolled), 'instant')
  await context.close()
})

test('text keeps seven to one for whom contrast is raised', { skip }, async () => {
  for (const colorScheme of ['light', 'dark']) {
    const context = await open({ contrast: 'more', colorScheme })
    const page = await context.newPage()
    const check = async (name) => {
      await still(page)
      await page.evaluate(axe.source)
      const weak = await page.evaluate(async () => {
        const { violations } = await globalThis.axe.run(document, { runOnly: ['color-contrast-enhanced'], rules: { 'color-contrast-enhanced': { enabled: true } } })
        return violations.flatMap((v) => v.nodes.map((n) => `${n.html.slice(0, 160)} ${n.any[0]?.message}`))
      })
      assert.equal(weak.join('\n'), '', `${name}, ${colorScheme}`)
    }
    await everywhere(page, check)
    await page.goto(new URL('/', target.url).href)
    await composer(page).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('option').first().waitFor()
    await check('the palette')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.keyboard.press('Control+/')
    await page.getByRole('dialog').waitFor()
    await check('the shortcuts')
    await context.close()
  }
})

test('where colours are forced, the focus and what is chosen are still seen', { skip }, async () => {
  const context = await open({ forcedColors: 'active' })
  const page = await context.newPage()
  // The system's colours as this browser has them.
  const system = (name) =>
    page.evaluate((color) => {
      const probe = document.body.appendChild(document.createElement('i'))
      probe.style.color = color
      const found = getComputedStyle(probe).color
      probe.remove()
      return found
    }, name)
  const filled = async (el, what) => {
    await el.waitFor()
    await still(page)
    assert.equal(await el.evaluate((node) => getComputedStyle(node).backgroundColor), await system('Highlight'), what)
  }
  const ringed = async (what) => {
    const { style, width, color } = await page.evaluate(() => {
      const look = getComputedStyle(document.activeElement)
      return { style: look.outlineStyle, width: parseFloat(look.outlineWidth), color: look.outlineColor }
    })
    assert.ok(style !== 'none' && width >= 2, `${what} has no ring`)
    assert.ok([await system('Highlight'), await system('HighlightText')].includes(color), `the ring of ${what} is ${color}`)
  }

  await page.goto(new URL(chat, target.url).href)
  await answers(page).last().locator('.prose').waitFor()
  await composer(page).focus()
  await ringed('the composer')
  await filled(page.locator('nav [aria-current=page]').first(), 'the open chat')
  await page.locator('nav [aria-current=page]').first().focus()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Shift+Tab')
  await ringed('the open chat')
  await shot(page, 'forced-chat')
  await page.keyboard.press('Control+k')
  await filled(page.getByRole('dialog').locator('[role=option]').first(), 'the option that the keys are at')
  await ringed('the field of the palette')
  await shot(page, 'forced-palette')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Account and settings/ }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowDown')
  await filled(page.locator('[role=menuitem]:focus'), 'the item of the menu')
  await page.getByRole('menuitem', { name: 'Settings' }).click()
  const tabs = page.getByRole('dialog', { name: 'Settings' }).getByRole('tab')
  await filled(tabs.first(), 'the tab')
  await page.getByRole('tab', { name: 'Appearance' }).click()
  await filled(page.getByRole('radio', { checked: true }).first(), 'the theme')
  await shot(page, 'forced-settings')
  await page.goto(new URL('/admin/users', target.url).href)
  await page.locator('[data-row]').first().click()
  await filled(page.locator('tr[data-chosen]'), 'the row of the panel')
  await filled(page.getByRole('navigation').locator('[aria-current=page]'), 'the page')
  await shot(page, 'forced-users')
  await accessible(page)
  assert.deepEqual(faults, [])
  await context.close()
})
