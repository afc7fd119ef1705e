// Coming in and going out: the sign-in, the first set-up, and the pages for those who are not in.
import assert from 'node:assert/strict'
import { api, calm, menu, narrow, password, reachable, scene, scenes, setup, sound, visit } from './harness.mjs'

scenes('whoever is not signed in is led to the sign-in and back', { as: null }, async (page) => {
  page.provoked = [/^401 POST \/api\/v1\/session$/, /^401 GET \/api\/v1\/me$/]
  await visit(page, '/on/demo/containers?sort=-cpu')
  assert.match(page.url(), /\/sign-in\?next=/)
  await calm(page, 'sign-in')
  await sound(page, 'sign-in')
  await reachable(page, 'sign-in')
  await page.getByLabel('Username').fill('admin')
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText('The username or the password is wrong.').waitFor()
  await sound(page, 'sign-in-wrong')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/on/demo/containers?sort=-cpu')
  await page.waitForSelector('html[data-hydrated]')
  await menu(page)
  await page.getByRole('button', { name: 'admin' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL('**/sign-in')
  await page.waitForSelector('html[data-hydrated]')
  assert.equal((await page.request.get('/api/v1/me')).status(), 401, 'the session has ended')
})

scene('the sign-in fits a telephone, in the dark', { as: null, viewport: narrow, scheme: 'dark' }, async (page) => {
  await visit(page, '/sign-in')
  await calm(page, 'sign-in at 390 px')
  await sound(page, 'sign-in-dark')
})

scenes('the password can be looked at, and is hidden again', { as: null }, async (page) => {
  await visit(page, '/sign-in')
  const field = page.getByLabel('Password', { exact: true })
  await field.fill('seen')
  assert.equal(await field.getAttribute('type'), 'password')
  await page.getByRole('button', { name: 'Show' }).click()
  assert.equal(await field.getAttribute('type'), 'text')
  await page.getByRole('button', { name: 'Hide' }).click()
  assert.equal(await field.getAttribute('type'), 'password')
})

scenes('a page that is not there says so, with the status', async (page) => {
  page.provoked = [/^404 GET \/nowhere/]
  const answer = await visit(page, '/nowhere/at/all')
  assert.equal(answer.status(), 404)
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  await sound(page, 'not-found')
})

// At one width only: there is one Pilothouse that nobody has been at. What it leads to is looked at on a telephone too.
scene('the first set-up makes the first administrator, once', { as: null, home: setup && new URL(setup).origin }, async (page) => {
  page.provoked = [/^401 GET \/api\/v1\/me$/]
  await visit(page, '/sign-in')
  await page.getByText('Nobody is in charge yet').waitFor()
  await sound(page, 'sign-in-before-set-up')

  await visit(page, setup)
  assert.equal(new URL(page.url()).hash, '', 'the secret does not stay in the address')
  await calm(page, 'set-up')
  await sound(page, 'set-up')
  await reachable(page, 'set-up')
  const make = page.getByRole('button', { name: /^Make the administrator/ })
  await page.getByLabel('Password', { exact: true }).fill('short')
  await page.getByText('At least 12 characters; 7 more.').waitFor()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByLabel('Password again').fill('something else')
  await page.getByText('Not the same as above.').waitFor()
  assert.equal(await make.getAttribute('aria-disabled'), 'true')
  await page.getByLabel('Password again').fill(password)
  await make.click()
  await page.getByRole('heading', { name: 'Add your first engine' }).waitFor()
  await page.waitForSelector('html[data-hydrated]')
  assert.equal((await api(page, 'GET', '/me')).username, 'admin')
  await sound(page, 'welcome')
  await page.setViewportSize(narrow)
  await sound(page, 'welcome')

  await visit(page, setup)
  await page.getByText('It is done already').waitFor()
  await sound(page, 'set-up-done')
})
