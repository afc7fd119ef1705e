// Alerts: made of a search, tried, changed, switched off and removed; and what fires arrives.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before } from 'node:test'
import { api, scene, scenes, sound, told, until, visit } from './harness.mjs'

const secret = 'the secret of an alert'
const got = []
let status = 204
const receiver = createServer((request, answer) => {
  let body = ''
  request.on('data', (piece) => (body += piece))
  request.on('end', () => {
    got.push(JSON.parse(body))
    answer.writeHead(status).end()
  })
})
let url
before(async () => {
  await new Promise((listens) => receiver.listen(0, '127.0.0.1', listens))
  url = `http://127.0.0.1:${receiver.address().port}/hidden`
})
after(() => receiver.close())

/** Removes alerts of this name that another run left behind. */
async function without(page, name) {
  for (const one of (await api(page, 'GET', '/audit/alerts')).items.filter((one) => one.name === name)) await api(page, 'DELETE', `/audit/alerts/${one.id}`)
}

scenes('an alert is made of a search, tried, changed, fires, and goes', async (page, own) => {
  const [name, volume] = [own('Volumes'), own('alerted')]
  await without(page, name)
  await visit(page, `/audit?q=${encodeURIComponent(`operation:VolumeCreate object:${volume} after:2d`)}`)
  await page.getByRole('button', { name: 'Alert me about this' }).click()
  const form = page.getByRole('dialog', { name: 'Alert me about this' })
  assert.equal(await form.getByLabel('What it looks for').inputValue(), `operation:VolumeCreate object:${volume}`)
  await sound(page, 'alert-form')
  await form.getByLabel('Name').fill(name)
  await form.getByLabel('Then quiet for minutes').fill('0')
  page.provoked = [/^400 POST \/api\/v1\/audit\/alerts$/]
  await form.getByRole('button', { name: 'Add the alert' }).click()
  await form.getByText('An alert tells somebody').waitFor()
  await sound(page, 'alert-refused')
  await form.getByLabel('Webhook').fill(url)
  await form.getByLabel('Its secret').fill(secret)
  await form.getByRole('button', { name: 'Add the alert' }).click()
  await told(page, `Added ${name}.`)

  const all = page.getByRole('dialog', { name: 'Alerts' })
  const line = all.getByRole('listitem').filter({ hasText: name })
  await line.getByText('It has not fired yet.').waitFor()
  await line.getByText('to http://127.0.0.1:').waitFor()
  assert.ok(!(await all.innerText()).includes('hidden'), 'the path of a webhook is not shown')
  await all.getByRole('button', { name: `Send a test of ${name}` }).click()
  await all.getByText(`The test of ${name} arrived`).waitFor()
  assert.ok(got.some((told) => told.test && told.alert.name === name))
  status = 500
  await all.getByRole('button', { name: `Send a test of ${name}` }).click()
  await all.getByText('answered 500.').waitFor()
  status = 204
  await sound(page, 'alerts')

  await api(page, 'POST', '/engines/demo/volumes', { name: volume })
  await until('it arrives', () => got.some((told) => !told.test && told.alert.name === name && told.items[0].object === volume))
  await all.getByRole('button', { name: 'Read again' }).click()
  await line.getByText('of 1 record').waitFor()

  await all.getByRole('button', { name: `Edit ${name}` }).click()
  const edit = page.getByRole('dialog', { name: 'Change the alert' })
  await edit.getByLabel('Records until it fires').fill('3')
  await edit.getByRole('button', { name: 'Change it' }).click()
  await told(page, `Changed ${name}.`)
  await line.getByText('At 3 records within 10 minutes').waitFor()
  await all.getByRole('button', { name: `Switch ${name} off` }).click()
  await line.getByText('Off', { exact: true }).waitFor()
  await all.getByRole('button', { name: `Switch ${name} on` }).click()
  await line.getByText('On', { exact: true }).waitFor()
  await all.getByRole('button', { name: `Remove ${name}` }).click()
  await page.getByRole('dialog', { name: `Remove the alert ${name}?` }).getByRole('button', { name: 'Remove', exact: true }).click()
  await line.waitFor({ state: 'detached' })
  await api(page, 'DELETE', `/engines/demo/volumes/${volume}`)
})

scene('what is offered to begin with is taken as it is', { scheme: 'dark' }, async (page) => {
  for (const name of ['A denied exec on production', 'Ten failed sign-ins within ten minutes', 'A grant of admin']) {
    await without(page, name)
    await visit(page, '/audit')
    await page.getByRole('button', { name: 'Alert me about this' }).click()
    const form = page.getByRole('dialog', { name: 'Alert me about this' })
    await form.getByRole('button', { name }).click()
    await form.getByLabel('Webhook').fill(url)
    await form.getByLabel('Its secret').fill(secret)
    await form.getByRole('button', { name: 'Add the alert' }).click()
    await told(page, `Added ${name}.`)
  }
  await page.getByRole('dialog', { name: 'Alerts' }).getByText('At 10 records within 10 minutes').waitFor()
  await sound(page, 'alerts-dark')
  for (const name of ['A denied exec on production', 'Ten failed sign-ins within ten minutes', 'A grant of admin']) await without(page, name)
})
