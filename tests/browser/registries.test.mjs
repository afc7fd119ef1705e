// Registries: one is added, browsed down to an image, two images are compared, one is copied, and what runs is shown before it goes.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answer, api, choose, discard, docker, images, isNarrow, menu, registry, row, scenes, sound, told, until, visit } from './harness.mjs'

const samples = '/registries/images/repositories/samples%2Fapp'

/** Forgets what a broken run has left behind. */
async function forget(page, name) {
  const { items } = await api(page, 'GET', '/registries?limit=500')
  if (items.some((known) => known.name === name)) await api(page, 'DELETE', `/registries/${name}`)
}

/** An image of its own that runs, pushed to the engine's registry under these tags. */
async function publish(name, ...tags) {
  const context = mkdtempSync(join(tmpdir(), 'registry-'))
  try {
    writeFileSync(join(context, 'Dockerfile'), `FROM busybox\nLABEL made.for=${name}\n`)
    for (const tag of tags) {
      await docker('build', '--quiet', '--tag', `${registry}/team/${name}:${tag}`, context)
      await docker('push', '--quiet', `${registry}/team/${name}:${tag}`)
    }
  } finally {
    rmSync(context, { recursive: true })
  }
}

scenes('a registry is tried, added, changed and removed', async (page, own) => {
  const name = own('second')
  page.provoked = [/^400 POST \/api\/v1\/registries(\/test)?$/]
  await forget(page, name)
  await visit(page, '/')
  const nav = await menu(page)
  await nav.getByRole('link', { name: 'Registries', exact: true }).click()
  await page.waitForURL('**/registries')
  await page.getByRole('link', { name: 'Add a registry' }).click()
  await page.waitForURL('**/add/registry')
  const attempt = page.getByRole('button', { name: /^Try the connection/ })
  const tried = page.locator('.tried')
  assert.equal(await attempt.getAttribute('aria-disabled'), 'true', 'there is nothing to try yet')
  await page.getByLabel('Address', { exact: true }).fill('http://127.0.0.1:1')
  await attempt.click()
  await tried.getByText('It does not work').waitFor()
  await sound(page, 'registry-test-failed')
  await page.getByLabel('Address', { exact: true }).fill(images)
  await until('what was found is forgotten with what was tried', async () => (await tried.getByText('It does not work').count()) === 0)
  await attempt.click()
  await tried.getByText('It works').waitFor()
  await sound(page, 'registry-test-passed')

  await page.getByLabel('Name', { exact: true }).fill('Not a name')
  await page.getByRole('button', { name: 'Add the registry' }).click()
  await page.locator('.field-error').getByText(/./).first().waitFor()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('button', { name: 'Add the registry' }).click()
  await told(page, `Added ${name}.`)
  await page.waitForURL(`**/registries/${name}`)
  await row(page, 'samples/app').waitFor()

  await visit(page, '/registries')
  await choose(page, name, 'Edit')
  await page.waitForURL(`**/registries/${name}/edit`)
  await page.getByLabel('Labels').fill('env=other')
  await page.getByRole('button', { name: 'Save' }).click()
  await told(page, `Changed ${name}.`)
  await page.waitForURL('**/registries')
  await row(page, name).getByText('env=other').waitFor()
  await choose(page, name, 'Remove')
  assert.match(await answer(page, /^Remove/, name), /address and its labels are forgotten.*what it holds stay/)
  await row(page, name).waitFor({ state: 'detached' })
})

scenes('one goes from a registry to the image for a platform, and to a repository by its name', async (page) => {
  await visit(page, '/registries')
  await row(page, 'images').getByRole('link').click()
  const tabs = page.getByRole('navigation', { name: 'Registry images' })
  for (const [tab, heading] of [['Retention', 'Retention of images'], ['Rules', 'Rules of images'], ['Settings', 'Settings of images'], ['Repositories', 'images']]) {
    await tabs.getByRole('link', { name: tab }).click()
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
    assert.equal(await tabs.getByRole('link', { name: tab }).getAttribute('aria-current'), 'page')
  }
  await page.getByRole('searchbox').fill('samples')
  await page.waitForURL(/q=samples/)
  await row(page, 'samples/app').getByRole('link').click()
  await page.waitForURL(`**${samples}`)
  await row(page, 'multi').getByText('linux/arm64').waitFor()
  await row(page, 'stable').getByText('linux/amd64').waitFor()
  await page.getByRole('searchbox').fill('mul')
  await row(page, 'stable').waitFor({ state: 'detached' })

  await row(page, 'multi').getByRole('link').first().click()
  await page.getByRole('heading', { level: 1, name: 'samples/app:multi' }).waitFor()
  await page.getByText('Index of 2 platforms').first().waitFor()
  await page.locator('.code-block').getByText(/docker pull .*images\/samples\/app/).waitFor()
  await row(page, 'linux/arm64').getByRole('link').click()
  await page.getByRole('heading', { level: 1, name: /^samples\/app@/ }).waitFor()
  for (const words of ['--serve', '8080/tcp', 'VERSION=1.0', 'made.for', 'COPY', 'nothing added']) await page.locator('main').getByText(words).first().waitFor()
  await page.getByText(/^No container.* is made from it/).waitFor()

  await visit(page, `${samples}/images/1.0`)
  await page.getByRole('link', { name: 'stable', exact: true }).waitFor()
  await page.getByRole('link', { name: 'Signature (cosign)' }).waitFor()
  await page.getByText('The manifest as it is kept').click()
  await page.getByRole('region', { name: 'the manifest' }).getByText('schemaVersion').waitFor()
  await page.getByRole('heading', { name: 'Not scanned' }).waitFor()
  await sound(page, 'registry-image-open')
  await page.getByRole('link', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/run\?.*tag=1/)
  await page.getByRole('heading', { level: 1, name: 'Run samples/app of images' }).waitFor()
  await until('the tag is the one that one came from', async () => (await page.getByLabel('Tag').inputValue()) === '1.0')
  await until('the form is filled in', async () => (await page.getByRole('textbox', { name: 'Ports' }).inputValue()) === '8080/tcp')

  await visit(page, '/registries/images')
  await page.getByLabel('Repository', { exact: true }).fill('samples/app')
  await page.getByRole('button', { name: /^Open/ }).click()
  await page.waitForURL(`**${samples}`)
})

scenes('what is not there is not found', async (page) => {
  page.provoked = [/^404 GET /]
  await visit(page, '/registries/nosuch')
  await page.getByRole('heading', { name: 'Nothing here' }).waitFor()
  await visit(page, `${samples}/images/nosuch`)
  await page.getByRole('heading', { name: 'Nothing here' }).waitFor()
  await sound(page, 'registry-image-unknown')
})

scenes('two tags are compared', async (page) => {
  await visit(page, samples)
  await row(page, '1.0').getByRole('checkbox').check()
  const bar = page.getByRole('region', { name: 'Selected tags' })
  assert.equal(await bar.getByRole('button', { name: /^Compare/ }).getAttribute('aria-disabled'), 'true', 'one is too few')
  await row(page, '1.1').getByRole('checkbox').check()
  await sound(page, 'registry-tags-chosen')
  await bar.getByRole('link', { name: 'Compare' }).click()
  await page.waitForURL(/compare\?from=1\.0&to=1\.1/)
  await page.getByText(/3 layers: 1 same .* 1 added .* 1 removed/).waitFor()
  await row(page, 'Environment VERSION').getByText('1.1', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Turn round' }).click()
  await page.waitForURL(/from=1\.1&to=1\.0/)
  await page.getByLabel('To', { exact: true }).fill('stable')
  await page.getByLabel('From', { exact: true }).fill('1.0')
  await page.getByRole('button', { name: 'Compare', exact: true }).click()
  await page.getByText('Nothing: command, environment').waitFor()
})

scenes('an image is copied, and what is in the way is not overwritten by itself', async (page, own) => {
  const to = `samples/${own('promoted')}`
  page.provoked = [/^409 POST .*\/copy$/]
  await visit(page, samples)
  await choose(page, '1.0', 'Copy or promote')
  const dialog = page.getByRole('dialog', { name: 'Copy samples/app:1.0' })
  const copy = dialog.getByRole('button', { name: /^Copy/ }).last()
  assert.equal(await copy.getAttribute('aria-disabled'), 'true', 'it is there already')
  await dialog.getByLabel('Repository').fill(to)
  await dialog.getByLabel('Tag', { exact: true }).fill('prod')
  // A broken run may have left another one there.
  await dialog.getByLabel(/^If the tag is there already/).check()
  await sound(page, 'registry-copy')
  await copy.click()
  await told(page, `Copied to images/${to}.`)
  await dialog.getByText('It is there').waitFor()
  await sound(page, 'registry-copied')
  await dialog.getByRole('link', { name: `images/${to}:prod` }).click()
  await page.getByRole('heading', { level: 1, name: `${to}:prod` }).waitFor()
  await page.getByRole('link', { name: 'Signature (cosign)' }).waitFor()

  await visit(page, samples)
  await choose(page, '1.1', 'Copy or promote')
  const other = page.getByRole('dialog', { name: 'Copy samples/app:1.1' })
  await other.getByLabel('Repository').fill(to)
  await other.getByLabel('Tag', { exact: true }).fill('prod')
  await other.getByRole('button', { name: /^Copy/ }).last().click()
  await other.getByText('It could not be copied').waitFor()
  await other.getByText('it goes on where it was').waitFor()
  await sound(page, 'registry-copy-refused')
  await other.getByLabel(/^If the tag is there already/).check()
  await other.getByRole('button', { name: 'Try again' }).click()
  await other.getByText('It is there').waitFor()
})

scenes('what shares a digest and what runs it is shown, and goes only when one insists', async (page, own) => {
  const name = own('doomed')
  const runs = own('ui-runs-doomed')
  await discard(runs)
  await publish(name, '1', '2')
  await docker('run', '--detach', '--stop-signal', 'KILL', '--name', runs, `${registry}/team/${name}:1`, 'sleep', '3600')
  const path = `/registries/images/repositories/team%2F${name}`
  await visit(page, path)
  await choose(page, '1', 'Delete')
  const dialog = page.getByRole('dialog', { name: `Delete team/${name}:1?` })
  await dialog.getByText('stays, by 1 other tag: 2.').waitFor()
  await until('what runs it is shown', async () => (await dialog.getByRole('link', { name: runs }).count()) === 1)
  await sound(page, 'registry-delete-tag')
  await dialog.getByRole('radio', { name: /^Delete the image/ }).check()
  await dialog.getByText('All of its 2 tags, which mean the same: 1, 2.').waitFor()
  assert.equal(await dialog.getByRole('button', { name: /^Delete the image/ }).getAttribute('aria-disabled'), 'true', 'it runs')
  // This registry deletes by digest only: it says so, and what would go is read again.
  page.provoked = [/^409 DELETE .*\/tags\/1/]
  await dialog.getByRole('radio', { name: /^Delete only this tag/ }).check()
  await dialog.getByRole('button', { name: 'Delete the tag' }).click()
  await dialog.getByRole('alert').getByText(/deletes by digest only/).waitFor()
  await sound(page, 'registry-delete-tag-refused')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await row(page, '1').waitFor()

  // Meanwhile a third tag means it, too: what was not seen does not go.
  await row(page, '2').getByRole('link').first().click()
  await page.getByRole('heading', { level: 1, name: `team/${name}:2` }).waitFor()
  await page.getByRole('link', { name: runs, exact: true }).waitFor()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  const last = page.getByRole('dialog', { name: `Delete team/${name}:2?` })
  await last.getByRole('radio', { name: /^Delete the image/ }).check()
  await last.getByRole('link', { name: runs }).waitFor()
  await publish(name, '3')
  page.provoked = [/^409 DELETE .*\/manifests\//]
  const yes = last.getByRole('button', { name: /^Delete the image/ })
  assert.equal(await yes.getAttribute('aria-disabled'), 'true', 'the tag has to be typed first')
  await last.getByLabel(/^Type 2/).fill('2')
  await yes.click()
  await last.getByRole('alert').getByText(/not those that you have seen/).waitFor()
  await last.getByText('All of its 3 tags, which mean the same: 1, 2, 3.').waitFor()
  assert.equal(await yes.getAttribute('aria-disabled'), 'true', 'what is new has to be looked at')
  await sound(page, 'registry-delete-image')
  await last.getByLabel(/^Type 2/).fill('2')
  await yes.click()
  await told(page, `Deleted team/${name}:2.`)
  await page.waitForURL(`**${path}`)
  await page.getByRole('heading', { name: 'No tags' }).waitFor()
  await sound(page, 'registry-no-tags')
  await discard(runs)
})

scenes('who may only look cannot delete', { as: 'viewer' }, async (page) => {
  await visit(page, samples)
  await row(page, '1.0').getByRole('button', { name: /^More for/ }).click()
  const remove = page.getByRole('menuitem', { name: 'Delete' })
  assert.equal(await remove.getAttribute('aria-disabled'), 'true')
  assert.match(await remove.getAttribute('title'), /you need registry\.repository\.delete on images\/samples\/app/)
  await visit(page, '/registries/images')
  const settings = page.getByRole('navigation', { name: 'Registry images' }).getByRole('link', { name: /^Settings/ })
  assert.equal(await settings.getAttribute('aria-disabled'), 'true')
  assert.match(await settings.getAttribute('title'), /you need registry\.registry\.update/)
  await sound(page, 'registry-viewer')
  await visit(page, `${samples}/images/1.0`)
  assert.match(await page.getByRole('button', { name: /^Take attached reports/ }).getAttribute('title'), /you need registry\.repository\.scan on images\/samples\/app/)
})

scenes('who has no role on a registry is told what they are for', { as: 'stranger' }, async (page) => {
  await visit(page, '/registries')
  await page.getByRole('heading', { name: 'No registry for you to see' }).waitFor()
  await page.getByRole('link', { name: 'Search images' }).waitFor()
  assert.equal(await page.getByRole('button', { name: /^Add a registry/ }).first().getAttribute('aria-disabled'), 'true')
  await sound(page, 'registries-none')
  await visit(page, '/registries/images/rules')
  await page.getByRole('heading', { name: 'Not for you to see' }).waitFor()
  await visit(page, '/registries/images/retention')
  await page.getByRole('heading', { name: 'Not for you to see' }).waitFor()
  if (!isNarrow(page)) {
    await visit(page, '/')
    await page.keyboard.press('g')
    await page.keyboard.press('y')
    await page.waitForURL('**/registries')
  }
})
