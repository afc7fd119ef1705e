import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, open, signedIn, sound, visit } from './harness.mjs'

const at = '/engines/demo/containers'
const row = (page, name) => page.locator('tbody tr', { has: page.getByRole('link', { name, exact: true }) })

/** Containers of this test alone. */
async function make(page, ...names) {
  for (const name of names) {
    await api(page, 'POST', at, { name, image: 'busybox', command: ['sleep', '600'], labels: { browser: 'yes' }, start: true })
  }
}

test('search, sort and page are in the address', async () => {
  const page = await open({ state: await signedIn() })
  await visit(page, at)
  await page.getByRole('button', { name: 'Name', exact: true }).click()
  await page.waitForURL(/sort=-name/)
  await page.keyboard.press('/')
  await page.keyboard.type('api', { delay: 30 })
  await page.waitForURL(/q=api/)
  await page.getByText('api', { exact: true }).first().waitFor()
  const count = await page.locator('tbody tr').count()
  await page.reload()
  await page.waitForSelector('html[data-hydrated]')
  assert.equal(await page.locator('tbody tr').count(), count)
  assert.equal(await page.getByRole('searchbox').inputValue(), 'api')
  assert.deepEqual(page.faults, [])
})

test('stop, start and remove, seen without a reload', async () => {
  const page = await open({ state: await signedIn() })
  await make(page, 'ui-one')
  await visit(page, `${at}?q=ui-one`)
  await row(page, 'ui-one').getByRole('button', { name: 'Stop ui-one' }).click()
  await row(page, 'ui-one').getByText('exited', { exact: true }).waitFor({ timeout: 20_000 })
  await row(page, 'ui-one').getByRole('button', { name: 'Start ui-one' }).click()
  await row(page, 'ui-one').getByText('running', { exact: true }).waitFor({ timeout: 20_000 })
  await row(page, 'ui-one').getByRole('button', { name: /More for/ }).click()
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await sound(page, 'container-remove')
  const remove = dialog.getByRole('button', { name: /^Remove/ })
  assert.equal(await remove.getAttribute('aria-disabled'), 'true', 'the name has to be typed first')
  await dialog.getByLabel(/Type/).fill('ui-one')
  await remove.click()
  await row(page, 'ui-one').waitFor({ state: 'detached' })
  assert.deepEqual(page.faults, [])
})

test('many at once', async () => {
  const page = await open({ state: await signedIn() })
  await make(page, 'ui-many-1', 'ui-many-2')
  await visit(page, `${at}?q=ui-many`)
  await page.locator('tbody tr').nth(0).getByRole('checkbox').check()
  await page.locator('tbody tr').nth(1).getByRole('checkbox').check()
  const bar = page.getByRole('region', { name: 'Selected containers' })
  await bar.getByText('2 selected').waitFor()
  await bar.getByRole('button', { name: 'Kill' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click()
  for (const name of ['ui-many-1', 'ui-many-2']) {
    await row(page, name).getByText('exited', { exact: true }).waitFor()
    await api(page, 'DELETE', `${at}/${name}?force=true`)
    await row(page, name).waitFor({ state: 'detached' })
  }
  assert.deepEqual(page.faults, [])
})

test('a container is made with what the form asks for', async () => {
  const page = await open({ state: await signedIn() })
  await visit(page, `${at}/new`)
  await page.getByRole('button', { name: 'Make the container' }).click()
  await page.getByText(/image/i).first().waitFor()
  await page.getByRole('textbox', { name: 'Image' }).fill('busybox')
  await page.getByRole('textbox', { name: /^Name/ }).fill('ui-made')
  await page.getByRole('button', { name: 'Make the container' }).click()
  await page.getByText('Made ui-made.').waitFor()
  const made = await api(page, 'GET', `${at}/ui-made`)
  assert.equal(made.summary.name, 'ui-made')
  await api(page, 'DELETE', `${at}/ui-made?force=true`)
})
