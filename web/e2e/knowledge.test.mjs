// Documents, from their drop to an answer that quotes them. The mock has no knowledge: a real server is needed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessible, answers, composer, ended, enter, launch, newChat, patience, shot, sizes, target, watch } from './harness.mjs'

const skip = !target.url ? 'PARLEY_E2E_URL is not set' : target.mock ? 'the mock has no documents' : false
let browser, context, page, faults

const rules = `# Harbour rules

## Pilots

Ships over eighty metres need a pilot. The pilot boards at the buoy.

## Fees

A berth for a boat of ten metres costs twenty euros a night. Electricity is included.
`

const dialog = () => page.getByRole('dialog', { name: 'Knowledge', exact: true })
const dark = (theme) => page.evaluate((t) => (document.documentElement.dataset.theme = t), theme)

/** Checks and pictures a state in both colours. */
async function see(name) {
  await accessible(page)
  await shot(page, name)
  await dark('dark')
  await accessible(page)
  await shot(page, `${name}-dark`)
  await dark('light')
}

async function openKnowledge() {
  await page.getByRole('button', { name: /^Account and settings/ }).click()
  await page.getByRole('menuitem', { name: 'Knowledge' }).click()
  await dialog().waitFor()
}

before(async () => {
  if (skip) return
  browser = await launch()
  context = await browser.newContext({ viewport: sizes.desktop, colorScheme: 'light', locale: 'en-GB', acceptDownloads: true })
  context.setDefaultTimeout(patience)
  faults = watch(context)
  page = await context.newPage()
  await enter(page)
})
after(() => browser?.close())

test('a knowledge base is made, and files in it are read or refused with a reason', { skip }, async () => {
  await openKnowledge()
  await see('knowledge-empty')
  await dialog().getByRole('button', { name: 'New knowledge base' }).click()
  await dialog().getByLabel('Name', { exact: true }).fill('Harbour')
  await dialog().getByLabel('What it is about').fill('Rules and fees')
  await accessible(page)
  await dialog().getByRole('button', { name: 'Create' }).press('Enter')
  await dialog().getByText('Drop files or folders here').waitFor()
  await dialog().getByLabel('Add files').last().setInputFiles([
    { name: 'rules.md', mimeType: 'text/markdown', buffer: Buffer.from(rules) },
    { name: 'old.xls', mimeType: 'application/vnd.ms-excel', buffer: Buffer.from('d0cf11e0a1b11ae1', 'hex') },
  ])
  const row = (name) => dialog().getByRole('listitem').filter({ hasText: name })
  await row('rules.md').getByText('1 passage').waitFor()
  await row('old.xls').getByText('save the file as .xlsx').waitFor()
  await see('knowledge-files')
  await page.setViewportSize(sizes.phone)
  await see('phone-knowledge-files')
  await page.setViewportSize(sizes.desktop)
  await row('rules.md').getByRole('button', { name: 'Why is rules.md found, or not?' }).click()
  const why = page.getByRole('dialog', { name: 'Why is it found, or not?' })
  await why.getByLabel('A question to look for it with').fill('What does a berth cost?')
  await page.keyboard.press('Enter')
  await why.getByText('It is found.').waitFor()
  await see('knowledge-why')
  await page.keyboard.press('Escape')
  await why.waitFor({ state: 'detached' })
  await row('old.xls').getByRole('button', { name: 'Take old.xls out' }).click()
  await row('old.xls').waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
})

test('an answer quotes the document, and its source opens at the very place', { skip }, async () => {
  await newChat(page)
  await page.getByRole('button', { name: 'Answer from documents' }).press('Enter')
  await page.getByRole('menuitemradio', { name: /^Harbour/ }).click()
  await page.getByText('Harbour', { exact: true }).last().waitFor()
  await composer(page).fill('What does a berth cost?')
  await composer(page).press('Enter')
  await ended(page)
  const answer = answers(page).last()
  await answer.getByRole('blockquote').getByText('A berth for a boat of ten metres costs twenty euros a night.').waitFor()
  const source = answer.getByRole('region', { name: 'Sources' }).getByRole('button', { name: /Harbour rules/ })
  await source.waitFor()
  await see('knowledge-answer')
  await answer.getByRole('button', { name: /^Source S1: Harbour rules/ }).first().click()
  const open = page.getByRole('dialog', { name: 'Harbour rules' })
  assert.equal(await open.locator('mark').textContent(), 'A berth for a boat of ten metres costs twenty euros a night.')
  await see('knowledge-source')
  await page.keyboard.press('Escape')
  // It is all there after a reload.
  await page.reload()
  await answers(page).last().getByRole('region', { name: 'Sources' }).waitFor()
  await page.setViewportSize(sizes.phone)
  await see('phone-knowledge-answer')
  await page.setViewportSize(sizes.desktop)
})

test('what no document answers is said to be not found', { skip }, async () => {
  await newChat(page)
  await composer(page).pressSequentially('#harb')
  await page.getByRole('option', { name: /^Harbour/ }).waitFor()
  await accessible(page)
  await composer(page).press('Enter')
  await page.getByRole('button', { name: 'Stop answering from Harbour' }).press('Enter')
  await page.getByRole('button', { name: 'Answer from documents' }).click()
  await page.getByRole('menuitemradio', { name: 'All knowledge' }).click()
  await composer(page).fill('Who painted the Mona Lisa?')
  await composer(page).press('Enter')
  await ended(page)
  await answers(page).last().getByText('I found nothing about this').waitFor()
  await answers(page).last().getByRole('region', { name: 'The nearest that was found' }).waitFor()
  await accessible(page)
})

test('a knowledge base is shared, and deleted', { skip }, async () => {
  await openKnowledge()
  await dialog().getByRole('button', { name: /^Harbour/ }).click()
  await dialog().getByRole('button', { name: 'Settings' }).click()
  await dialog().getByRole('radio', { name: 'Everyone reads' }).click()
  await accessible(page)
  await shot(page, 'knowledge-settings')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await dialog().getByRole('button', { name: 'Back' }).click()
  await dialog().getByLabel('Shared').waitFor()
  await dialog().getByRole('button', { name: /^Harbour/ }).click()
  await dialog().getByRole('button', { name: 'Settings' }).click()
  await dialog().getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog', { name: 'Delete this knowledge base?' }).getByRole('button', { name: 'Delete' }).click()
  await dialog().getByText('A knowledge base holds documents').waitFor()
  await page.keyboard.press('Escape')
})

test('nothing was asked of another host, and nothing broke the policy', { skip }, () => assert.deepEqual(faults, []))
