// Those who may not: what they cannot do stays and says why, what they cannot see says what is missing, and the server agrees.
import assert from 'node:assert/strict'
import { api, base, menu, on, open, row, scenes, sound, visit } from './harness.mjs'

const refused = async (control, permission) => {
  assert.equal(await control.getAttribute('aria-disabled'), 'true')
  assert.match(await control.getAttribute('title'), new RegExp(permission.replaceAll('.', '\\.')))
}

scenes('a viewer sees what runs and changes nothing', { as: 'viewer' }, async (page) => {
  await visit(page, '/')
  await page.locator('.hot-list li').first().waitFor()
  await refused(page.getByRole('button', { name: /^Add an engine/ }), 'system.engine.create')
  await page.getByText('To see what others changed, you need system.audit.list.').waitFor()
  await sound(page, 'viewer-overview')
  const nav = await menu(page)
  await nav.getByRole('link', { name: 'Tokens' }).waitFor()
  for (const name of ['Audit', 'Access']) assert.equal(await nav.getByRole('link', { name }).count(), 0)

  await visit(page, `${on}/containers`)
  await refused(page.getByRole('button', { name: /^New container/ }), 'engine.container.create')
  await refused(row(page, 'web').getByRole('button', { name: /^Stop web/ }), 'engine.container.stop')
  await row(page, 'web').getByRole('button', { name: /^More for/ }).click()
  for (const [item, permission] of [['Restart', 'restart'], ['Pause', 'pause'], ['Kill', 'kill'], ['Remove', 'remove']]) await refused(page.getByRole('menuitem', { name: item }), `engine.container.${permission}`)
  await page.getByRole('menuitem', { name: 'Remove' }).click({ force: true })
  assert.equal(await page.getByRole('dialog').isVisible(), false)
  await sound(page, 'viewer-containers-menu')
  await page.keyboard.press('Escape')
  await page.getByLabel('Select web').check()
  for (const button of ['Start', 'Stop', 'Restart', 'Kill', 'Remove']) await refused(page.getByRole('region', { name: 'Selected containers' }).getByRole('button', { name: new RegExp(`^${button} \\(`) }), `engine.container.${button.toLowerCase()}`)
  await sound(page, 'viewer-containers')

  await visit(page, `${on}/containers/new`)
  await page.getByText('To see this, you need engine.container.create on demo.').waitFor()
  await sound(page, 'viewer-container-new')
  await visit(page, `${on}/containers/web?tab=terminal`)
  await page.getByText('you need engine.container.exec on demo').waitFor()
  await sound(page, 'viewer-terminal')
  await visit(page, `${on}/containers/web?tab=logs`)
  await page.locator('.log-line').first().waitFor()
  await visit(page, `${on}/images`)
  await refused(page.getByRole('button', { name: /^Pull an image/ }), 'engine.image.pull')
  await visit(page, `${on}/volumes`)
  await refused(row(page, 'shop_data').getByRole('button', { name: /^Remove/ }), 'engine.volume.remove')
  await visit(page, `${on}/networks/shop_default`)
  await refused(page.getByRole('button', { name: /^Connect a container/ }), 'engine.network.connect')

  await visit(page, '/add/engine')
  await page.getByText('To see this, you need system.engine.create.').waitFor()
  page.provoked = [/^403 GET /]
  await visit(page, '/audit')
  await page.getByRole('heading', { name: 'You may not see this' }).waitFor()
  await sound(page, 'viewer-audit')
  await visit(page, '/people')
  await page.getByRole('heading', { name: 'You may not see this' }).waitFor()

  // The page only says what the server does.
  const stop = await page.request.post('/api/v1/engines/demo/containers/web/stop', { data: {}, headers: { Origin: base } })
  assert.equal(stop.status(), 403)
})

scenes('somebody without a role is told so, kindly', { as: 'stranger' }, async (page) => {
  await visit(page, '/')
  await page.getByRole('heading', { name: 'No engine for you to see' }).waitFor()
  await sound(page, 'stranger-overview')
  page.provoked = [/^404 GET /, /^403 GET /]
  await visit(page, `${on}/containers`)
  await page.getByRole('heading', { name: 'Nothing here' }).waitFor()
  await visit(page, '/use-docker')
  await page.getByRole('heading', { name: 'No engine to point docker at' }).waitFor()
  await visit(page, '/account')
  await page.getByText('You hold no role yet.').waitFor()
  await sound(page, 'stranger-account')
})

scenes('a right that is taken away ends what rests on it', async (page) => {
  const theirs = await open({ as: 'mira', viewport: page.viewportSize() })
  await visit(theirs, `${on}/containers/worker?tab=logs`)
  await theirs.locator('.log-foot').getByText('Live').waitFor()
  await visit(page, '/people/mira')
  await page.getByRole('button', { name: /^Take viewer on/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click()
  theirs.provoked = [/^40[34] /]
  await theirs.locator('.log-foot').getByText('Live').waitFor({ state: 'detached' })
  await theirs.getByText(/not followed now|Nothing here|may not/).first().waitFor()
  await theirs.context().close()
  await api(page, 'POST', '/grants', { user: 'mira', role: 'viewer', scope: 'engine/demo' })
})
