// Guardrails: put up to warn, what it would have stopped, enforced, and taken down.
import assert from 'node:assert/strict'
import { answer, api, docker, on, row, scenes, sound, told, until, visit } from './harness.mjs'

/** Forgets what a broken run has left behind. */
async function forget(page, name) {
  const { items } = await api(page, 'GET', '/guardrails?limit=500')
  for (const { id } of items.filter((guardrail) => guardrail.name === name)) await api(page, 'DELETE', `/guardrails/${id}`)
}

scenes('a guardrail warns first, tells what it found, is enforced and taken down', async (page, own) => {
  const [name, container] = ['ports', 'guarded'].map(own)
  await forget(page, name)
  await docker('rm', '-f', container).catch(() => {})
  await visit(page, '/guardrails')
  await page.getByRole('link', { name: 'Put a guardrail up' }).first().click()
  await page.waitForURL('**/add/guardrail')
  await page.getByLabel('Name').fill('Not a name')
  await page.getByLabel('What it is about').selectOption('limits')
  await page.getByLabel('Memory, in MiB').fill('64')
  await sound(page, 'guardrail-limits')
  // One that nobody else's test runs into.
  await page.getByLabel('What it is about').selectOption('ports')
  await page.getByLabel('Ports that may be published').fill('1-44\n46-65535')
  await page.getByLabel('The engine may pick one').check()
  await page.getByLabel('Where').fill('engine/demo')
  page.provoked = [/^400 POST \/api\/v1\/guardrails$/, /^403 POST .*\/containers$/]
  await page.getByRole('button', { name: 'Put it up' }).click()
  await page.locator('.field-error').getByText(/a-z/).waitFor()
  await sound(page, 'guardrail-refused')
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Put it up' }).click()
  await told(page, `${name} is up.`)
  await page.getByRole('heading', { name: 'Nothing' }).waitFor()
  await sound(page, 'guardrail-nothing-found')

  const form = { name: container, image: 'busybox', command: ['true'], env: [], labels: {}, ports: ['45:80'], volumes: [], networks: [], restart: 'no', start: false }
  await api(page, 'POST', `${on.replace('/on', '/engines')}/containers`, form)
  await until('the hit is written down', async () => {
    const { items } = await api(page, 'GET', '/guardrails?limit=500')
    return items.find((guardrail) => guardrail.name === name).hits === 1
  })
  await page.reload()
  await row(page, `ContainerCreate ${container}`).getByText('let through').waitFor()
  await sound(page, 'guardrail-found')

  await page.getByRole('radio', { name: /^Enforce/ }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await told(page, new RegExp(`^Changed ${name}`))
  await visit(page, `${on}/containers/new`)
  await page.getByLabel('Image', { exact: true }).fill('busybox')
  await page.getByLabel(/^Ports/).fill('45:80')
  await page.getByRole('button', { name: 'Make the container' }).click()
  await page.getByText(`The guardrail "${name}" does not allow publishing the host's port 45 here.`).first().waitFor()
  await sound(page, 'guardrail-stops')

  await visit(page, '/guardrails')
  await row(page, name).getByText('enforced').waitFor()
  await sound(page, 'guardrails')
  await row(page, name).getByRole('button', { name: `Take ${name} down` }).click()
  assert.match(await answer(page, 'Take down'), /allowed at once/)
  await told(page, `${name} is down.`)
  await docker('rm', '-f', container).catch(() => {})
})
