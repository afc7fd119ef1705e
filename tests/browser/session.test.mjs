import assert from 'node:assert/strict'
import { test } from 'node:test'
import { narrow, open, password, sound, visit } from './harness.mjs'

test('whoever is not signed in is led to the sign-in and back', async () => {
  const page = await open()
  await visit(page, '/engines/demo/containers?sort=-cpu')
  assert.match(page.url(), /\/sign-in\?next=/)
  await sound(page, 'sign-in')
  await page.getByLabel('Username').fill('admin')
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('The username or the password is wrong.').waitFor()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/engines/demo/containers?sort=-cpu')
  await page.getByRole('button', { name: 'admin' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL('**/sign-in')
  const again = await page.request.get('/api/v1/me')
  assert.equal(again.status(), 401)
})

test('the sign-in fits a telephone', async () => {
  const page = await open({ viewport: narrow, scheme: 'dark' })
  await visit(page, '/sign-in')
  await sound(page, 'sign-in-390-dark')
})

test('a page that is not there says so, with the status', async () => {
  const page = await open()
  const answer = await visit(page, '/nowhere/at/all')
  assert.equal(answer.status(), 404)
  await sound(page, 'not-found')
})
