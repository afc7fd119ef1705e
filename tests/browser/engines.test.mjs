// Engines: trying, adding, changing and removing one, and one that does not answer.
import assert from 'node:assert/strict'
import { answer, api, choose, on, row, scenes, socket, sound, told, visit } from './harness.mjs'

/** Forgets what a broken run has left behind. */
async function forget(page, name) {
  const { items } = await api(page, 'GET', '/engines?limit=500')
  if (items.some((engine) => engine.name === name)) await api(page, 'DELETE', `/engines/${name}`)
}

scenes('a connection that fails is explained step by step', async (page) => {
  await visit(page, '/add/engine')
  const tried = page.locator('.tried')
  const attempt = page.getByRole('button', { name: /^Try the connection/ })
  assert.equal(await attempt.getAttribute('aria-disabled'), 'true', 'there is nothing to try yet')

  await page.getByLabel('Path of the socket').fill('/nowhere/docker.sock')
  await attempt.click()
  await tried.getByText('It does not work').waitFor()
  await tried.getByText('There is no such socket. Does the engine run').waitFor()
  await sound(page, 'engine-test-failed')

  await page.getByRole('radio', { name: /^TCP with TLS/ }).check()
  assert.equal(await tried.getByText('It does not work').count(), 0, 'what was found is forgotten with what was tried')
  await page.getByLabel('Host and port').fill('127.0.0.1:1')
  for (const name of [/^Authority/, /^Certificate of/, /private key$/]) await page.getByLabel(name).fill('no certificate')
  page.provoked = [/^4\d\d POST \/api\/v1\/engines\/test$/]
  await attempt.click()
  await page.getByText(/PEM/).last().waitFor()

  await page.getByRole('radio', { name: /^TCP without TLS/ }).check()
  await page.getByText('Nothing on the way is encrypted').waitFor()
  await page.getByLabel('Host and port').fill('127.0.0.1:1')
  await attempt.click()
  await tried.getByText('Nothing listens on that port.').waitFor()
  await sound(page, 'engine-test-failed-plain')
})

scenes('an engine is tried, added, changed and removed', async (page, own) => {
  const name = own('second')
  page.provoked = [/^400 POST \/api\/v1\/engines(\/test)?$/]
  await forget(page, name)
  await visit(page, '/engines')
  await page.getByRole('link', { name: 'Add an engine' }).click()
  await page.waitForURL('**/add/engine')
  await page.getByLabel('Name').fill('Not a name')
  await page.getByLabel('Labels').fill('env=test\nteam=ui')
  await page.getByLabel('Path of the socket').fill(socket)
  await page.getByRole('button', { name: /^Try the connection/ }).click()
  await page.locator('.tried').getByRole('alert').getByText(/name/i).waitFor()
  await page.getByRole('button', { name: 'Add the engine' }).click()
  await page.locator('.field-error').getByText(/./).waitFor()
  await sound(page, 'engine-add-refused')

  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: /^Try the connection/ }).click()
  await page.locator('.tried').getByText('It works').waitFor()
  await sound(page, 'engine-test-passed')
  await page.getByRole('button', { name: 'Add the engine' }).click()
  await told(page, `Added ${name}.`)
  await page.waitForURL(`**/on/${name}/containers`)
  await row(page, 'web').waitFor()

  await visit(page, '/engines')
  await row(page, name).getByText('env=test').waitFor()
  await row(page, name).getByText('Up', { exact: true }).waitFor()
  await page.getByRole('searchbox').fill('team=ui')
  await row(page, 'demo').waitFor({ state: 'detached' })
  await choose(page, name, 'Edit')
  await page.waitForURL(`**/on/${name}/edit`)
  await page.getByLabel('Labels').fill('env=other')
  await sound(page, 'engine-edit')
  await page.getByRole('button', { name: 'Save' }).click()
  await told(page, `Changed ${name}.`)
  await page.waitForURL('**/engines')
  await row(page, name).getByText('env=other').waitFor()

  await choose(page, name, 'Remove')
  await page.getByRole('dialog', { name: `Remove ${name} from Pilothouse?` }).waitFor()
  await sound(page, 'engine-remove')
  assert.match(await answer(page, /^Remove/, name), /address and its labels are forgotten.*tokens/)
  await row(page, name).waitFor({ state: 'detached' })
})

scenes('an engine of the settings file is not changed here', async (page) => {
  await visit(page, '/engines')
  await row(page, 'demo').getByRole('button', { name: /^More for/ }).click()
  const remove = page.getByRole('menuitem', { name: 'Remove' })
  assert.equal(await remove.getAttribute('aria-disabled'), 'true')
  assert.match(await remove.getAttribute('title'), /settings file/)
  await page.getByRole('menuitem', { name: 'Settings' }).click()
  await page.waitForURL(`**${on}/edit`)
  await page.getByText('Declared in the settings file').waitFor()
})

scenes('an engine that does not answer says why, wherever it is shown', async (page, own) => {
  const name = own('broken')
  await forget(page, name)
  await api(page, 'POST', '/engines', { name, url: 'unix:///nowhere/docker.sock' })
  await visit(page, '/engines')
  await row(page, name).getByText('Down').waitFor()
  await row(page, name).getByText(/no such|not found|reach/i).first().waitFor()
  await sound(page, 'engine-down')
  page.provoked = [/^50[234] GET /]
  await visit(page, `/on/${name}/containers`)
  await page.getByRole('heading', { name: 'No answer' }).waitFor()
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('heading', { name: 'No answer' }).waitFor()
  await sound(page, 'containers-down')
  await visit(page, '/')
  await page.getByText('1 does not answer').waitFor()
  await sound(page, 'overview-down')
  await api(page, 'DELETE', `/engines/${name}`)
})

scenes('an engine that there is not is not found', async (page) => {
  page.provoked = [/^404 GET /]
  await visit(page, '/on/nosuch/containers')
  await page.getByRole('heading', { name: 'Nothing here' }).waitFor()
  await sound(page, 'engine-unknown')
})
