// What goes into the composer besides typing: files and texts that are pasted or dropped, models by "@" and
// prompts by "/". On a wide screen and on one of a phone's width; against the mock and a real server.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { accessible, chatModels, composer, ended, enter, launch, newChat, patience, question, shot, sizes, target, watch } from './harness.mjs'

const skip = target.url ? false : 'PARLEY_E2E_URL is not set'
// The smallest picture there is: one transparent point.
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
let browser, folder
before(async () => {
  if (skip) return
  browser = await launch()
  folder = await mkdtemp(join(tmpdir(), 'parley-files-'))
  await writeFile(join(folder, 'tides.md'), '# Tides\n\nTwice a day.\n')
  await writeFile(join(folder, 'point.png'), png)
})
after(async () => {
  await browser?.close()
  if (folder) await rm(folder, { recursive: true })
})

for (const [size, viewport] of Object.entries(sizes)) {
  const narrow = size === 'phone'
  let context, page, faults
  const files = () => page.getByRole('list', { name: 'Files of this message' })
  const conversation = () => page.getByRole('region', { name: 'Conversation', exact: true })
  const anew = async () => {
    if (narrow) await page.goto(target.url)
    else await newChat(page)
    await composer(page).fill('')
    await composer(page).focus()
  }

  test(`${size}: a text file is pasted`, { skip }, async () => {
    context = await browser.newContext({ viewport, colorScheme: 'light', locale: 'en-GB' })
    context.setDefaultTimeout(patience)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(target.url).origin })
    faults = watch(context)
    page = await context.newPage()
    await enter(page)
    // A page cannot put a file on the clipboard, so the event is made by hand.
    await composer(page).evaluate((el) => {
      const data = new DataTransfer()
      data.items.add(new File(['name,age\nAda,36\n'], 'list.csv', { type: 'text/csv' }))
      el.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    })
    await files().getByText('list.csv').waitFor()
    await accessible(page)
    await shot(page, `${size}-pasted`)
    await page.keyboard.press('Enter') // a file is a message by itself
    await conversation().locator('summary').getByText('list.csv').click()
    await conversation().getByText('Ada,36').waitFor()
    await files().waitFor({ state: 'detached' })
    await ended(page)
  })

  test(`${size}: a long text is pasted`, { skip }, async () => {
    await anew()
    const text = Array.from({ length: 400 }, (_, i) => `Line ${i} of a long text.`).join('\n')
    await page.evaluate((all) => navigator.clipboard.writeText(all), text)
    const low = await composer(page).evaluate((el) => el.clientHeight)
    await page.keyboard.press('Control+v')
    await page.waitForFunction((n) => document.getElementById('composer').value.length === n, text.length)
    const { height, inner, page: whole } = await composer(page).evaluate((el) => ({ height: el.clientHeight, inner: el.scrollHeight, page: innerHeight }))
    assert.ok(height > 3 * low && height <= 0.41 * whole && inner > height, `${height} of ${whole} pixels, with ${inner} inside`)
    const send = page.getByRole('button', { name: 'Send', exact: true })
    assert.ok(await send.evaluate((el) => el.getBoundingClientRect().bottom <= innerHeight), 'the button stays in sight')
    await accessible(page)
    await shot(page, `${size}-long-text`)
    await composer(page).fill('')
    await page.waitForFunction((n) => document.getElementById('composer').clientHeight <= n, low)
  })

  test(`${size}: a pasted picture is refused with the reason`, { skip }, async () => {
    await page.evaluate(async (bytes) => {
      const picture = new Blob([Uint8Array.from(bytes)], { type: 'image/png' })
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })])
    }, [...png])
    await composer(page).focus()
    await page.keyboard.press('Control+v')
    await page.getByText('images are not supported yet').waitFor()
    assert.equal(await files().count(), 0)
    assert.equal(await composer(page).inputValue(), '')
    await accessible(page)
    await page.keyboard.type('a')
    await page.getByText('images are not supported yet').waitFor({ state: 'detached' })
  })

  test(`${size}: files are dropped onto the page`, { skip }, async () => {
    await anew()
    const cdp = await context.newCDPSession(page)
    const data = { items: [], files: [join(folder, 'tides.md'), join(folder, 'point.png')], dragOperationsMask: 1 }
    const drag = (type) => cdp.send('Input.dispatchDragEvent', { type, x: viewport.width / 2, y: 200, data })
    await drag('dragEnter')
    await drag('dragOver')
    await page.getByPlaceholder('Drop text files here').waitFor()
    await accessible(page)
    await shot(page, `${size}-drop`)
    // The protocol of the browser tells the page of no pointer that leaves it, so that event is made by hand.
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File(['x'], 'x.txt'))
      document.body.dispatchEvent(new DragEvent('dragleave', { dataTransfer, bubbles: true }))
    })
    await page.getByPlaceholder('Drop text files here').waitFor({ state: 'detached' })
    assert.equal(await files().count(), 0)
    await drag('drop')
    await files().getByText('tides.md').waitFor()
    await page.getByText('point.png').waitFor()
    await page.getByText('images are not supported yet').waitFor()
    assert.equal(new URL(page.url()).protocol, new URL(target.url).protocol, 'the browser did not open the file')
    await files().getByRole('button', { name: 'Remove tides.md' }).click()
    await files().waitFor({ state: 'detached' })
  })

  test(`${size}: “@” chooses a model`, { skip }, async (t) => {
    const models = await chatModels(page)
    if (models.length < 2 && !target.hub) return t.skip('the server has one model that chats')
    await anew()
    const picker = page.getByRole('button', { name: /^Choose a model/ })
    const before = (await picker.getAttribute('aria-label')).replace(/^.*: /, '')
    const other = models.find((id) => id !== before)
    await page.keyboard.type(`Give me a short answer @${other.slice(0, -1)}`)
    await page.getByRole('option', { name: other }).waitFor()
    await accessible(page)
    await shot(page, `${size}-at`)
    await page.keyboard.press('Enter')
    await page.getByRole('option').waitFor({ state: 'detached' })
    assert.equal(await picker.getAttribute('aria-label'), `Choose a model: ${other}`)
    await page.keyboard.type('please: are you there?')
    assert.equal(await composer(page).inputValue(), 'Give me a short answer please: are you there?')
    // The answer is that model's.
    const [asked] = await Promise.all([page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/v1/chat.completions')), page.keyboard.press('Enter')])
    assert.equal(asked.postDataJSON().model, other)
    await ended(page)
  })

  test(`${size}: “/” takes a prompt, and Escape leaves the word alone`, { skip }, async () => {
    const command = `greet-${size}`
    const made = await page.evaluate(
      (body) => fetch('/v1/prompts', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).then((r) => r.status),
      { command, title: 'Greet', text: 'Give me a short answer: say hello.' },
    )
    assert.equal(made, 201)
    await page.reload()
    await anew()
    await page.keyboard.type(`/${command}`)
    await page.getByRole('option', { name: new RegExp(command) }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('option').first().waitFor({ state: 'detached' })
    assert.equal(await composer(page).inputValue(), `/${command}`)
    await page.keyboard.press('Backspace')
    await page.getByRole('option', { name: new RegExp(command) }).waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await composer(page).inputValue(), 'Give me a short answer: say hello.')
    await page.keyboard.press('Enter')
    await question(page, 'say hello.').waitFor()
    await ended(page)
  })

  test(`${size}: nothing was asked of another host, and nothing broke the policy`, { skip }, async () => {
    assert.deepEqual(faults, [])
    await context.close()
  })
}
