// An administrator's models: loaded and unloaded, downloaded, chosen for a role. The tests hold against the
// mock, and against a real server with the stand-in hub of with-hub.mjs.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, enter, launch, patience, shot, sizes, target, watch } from './harness.mjs'

const skip = target.url ? false : 'PARLEY_E2E_URL is not set'
const noHub = target.mock || target.hub ? false : 'the server has no hub to load from'
let browser, context, page, faults

before(async () => {
  if (skip) return
  browser = await launch()
  context = await browser.newContext({ viewport: sizes.desktop, colorScheme: 'light', locale: 'en-GB' })
  context.setDefaultTimeout(patience)
  faults = watch(context)
  page = await context.newPage()
  await enter(page)
})
after(() => browser?.close())

const go = (path) => page.goto(new URL(`/admin${path}`, target.url).href)
const panel = (name) => page.getByRole('complementary', { name })
const row = (name) => page.getByRole('row').filter({ hasText: name })
const said = (text) => page.getByRole('region', { name: 'Notifications' }).getByText(text).first().waitFor()

async function both() {
  await accessible(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await accessible(page)
  await page.emulateMedia({ colorScheme: 'light' })
}

test('the models are listed, loaded and unloaded', { skip }, async () => {
  await go('/models')
  const small = row('smollm2-135m-instruct')
  await small.waitFor()
  await both()
  await shot(page, 'admin-models')
  const load = small.getByRole('button', { name: /^Load/ })
  const unload = small.getByRole('button', { name: /^Unload/ })
  await load.or(unload).waitFor()
  if (await load.isVisible()) await load.click()
  await small.getByText('Loaded').waitFor({ timeout: 60_000 })
  await unload.click()
  await small.getByText('Installed', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'smollm2-135m-instruct' }).click()
  await panel(/smollm2.135m/i).getByText('Apache-2.0').waitFor()
  if (target.mock) await panel(/smollm2.135m/i).getByRole('row', { name: 'Prompt 345 763' }).waitFor()
  await both()
  await shot(page, 'admin-model')
})

const wanted = 'qwen2.5-1.5b-instruct'
const model = () => row(wanted)
/** How many bytes are here, in hundredths of the whole. */
const share = async () => Number(await model().getByRole('progressbar').getAttribute('aria-valuenow'))
const further = (than) =>
  page.waitForFunction(
    ([id, n]) => Number([...document.querySelectorAll('tr')].find((tr) => tr.textContent.includes(id))?.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow') ?? 100) > n,
    [wanted, than],
  )

test('a download shows how far it is, and is paused', { skip: skip || noHub }, async () => {
  await go('/models')
  await model().getByRole('button', { name: /^Download/ }).click()
  await model().getByRole('progressbar').waitFor()
  await model().getByText(/left$/).waitFor()
  const at = await share()
  await further(at)
  await both()
  await shot(page, 'admin-download')
  await page.setViewportSize(sizes.phone)
  await model().getByRole('progressbar').waitFor()
  await accessible(page)
  await shot(page, 'admin-phone-download')
  await model().getByRole('button', { name: /^Pause/ }).click()
  await model().getByText('Paused').waitFor()
  await page.setViewportSize(sizes.desktop)
  const done = () => model().getByRole('progressbar').getAttribute('aria-valuetext')
  await page.reload()
  const kept = await done()
  await page.reload()
  assert.equal(await done(), kept)
  assert.ok((await share()) > at)
})

test('a paused download goes on where it stopped, and ends', { skip: skip || noHub }, async () => {
  const kept = await share()
  await model().getByRole('button', { name: /^Resume/ }).press('Enter')
  await model().getByText(/left$/).waitFor()
  assert.ok((await share()) >= kept, 'nothing of what came is loaded again')
  await page.getByRole('link', { name: wanted }).click()
  const details = panel(/qwen2\.5.1\.5b/i)
  await details.getByText(/ a second/).waitFor()
  await details.getByText('Installed', { exact: true }).waitFor({ timeout: 60_000 })
  if (!target.hub) return
  const { ranges } = await fetch(new URL('/__hub', target.hub)).then((res) => res.json())
  assert.match(ranges.at(-1), /^bytes=[1-9]\d*-$/)
  // What was loaded answers.
  const res = await page.evaluate(async (id) => {
    const body = { model: id, messages: [{ role: 'user', content: 'Hello' }], stream: false, temporary: true, params: { max_tokens: 4 } }
    const answer = await fetch('/v1/chat.completions', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
    return { status: answer.status, text: await answer.text() }
  }, wanted)
  assert.equal(res.status, 200, res.text)
})

test('a model is removed, and one that does not fit is loaded on purpose only', { skip: skip || noHub }, async () => {
  const details = panel(/qwen2\.5.1\.5b/i)
  await details.getByRole('button', { name: 'Remove' }).click()
  await accessible(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await said(`${wanted} was removed.`)
  await model().getByText('Not installed').waitFor()
  if (!target.mock) return // how much memory the machine has is not ours to say
  await row('qwen2.5-32b-instruct').getByRole('button', { name: /^Download/ }).click()
  await page.getByRole('dialog').getByText(/will hardly run/).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
})

test('a role gets a model of its own', { skip }, async () => {
  await go('/defaults')
  await page.getByLabel('Member').waitFor()
  await both()
  await page.getByLabel('Member').selectOption('smollm2-135m-instruct')
  await page.getByRole('button', { name: 'Save' }).click()
  await said('Saved.')
  await page.reload()
  await page.getByLabel('Member').waitFor()
  assert.equal(await page.getByLabel('Member').inputValue(), 'smollm2-135m-instruct')
  await shot(page, 'admin-defaults')
})

test('nothing was asked of another host, and nothing broke the policy', { skip }, () => {
  assert.deepEqual(faults, [])
})
