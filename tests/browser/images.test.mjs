// Images: pulled with their layers, tagged, looked into, and removed.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answer, choose, discard, docker, on, registry, row, scenes, sound, told, until, visit } from './harness.mjs'

const tagged = (name) => `${registry}/team/${name}:1.0`

/** Makes an image of several layers and leaves it in the registry alone. */
async function publish(image) {
  const context = mkdtempSync(join(tmpdir(), 'layers-'))
  try {
    for (const name of ['one', 'two', 'three']) writeFileSync(join(context, name), randomBytes(3_000_000))
    writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nCOPY one /one\nCOPY two /two\nCOPY three /three\nLABEL made.for=browser\nEXPOSE 8080\nENTRYPOINT ["/bin/sh"]\n')
    await docker('build', '--quiet', '--tag', image, context)
    await docker('push', '--quiet', image)
    await docker('image', 'rm', image)
  } finally {
    rmSync(context, { recursive: true })
  }
}

scenes('an image is pulled, layer by layer', async (page, own) => {
  const image = tagged(own('layers'))
  await publish(image)
  await visit(page, `${on}/images`)
  await page.getByRole('button', { name: 'Pull an image' }).click()
  const dialog = page.getByRole('dialog', { name: 'Pull an image' })
  const pull = dialog.getByRole('button', { name: /^Pull( \(|$)/ })
  assert.equal(await pull.getAttribute('aria-disabled'), 'true', 'there is nothing to pull yet')
  await sound(page, 'image-pull')
  await dialog.getByRole('textbox', { name: 'Image' }).fill(image)
  await pull.click()
  await dialog.getByRole('list', { name: 'Layers' }).locator('li').first().waitFor()
  await told(page, `Pulled ${image}.`)
  await dialog.getByText('It is here').waitFor()
  const layers = await dialog.locator('.layers li').allInnerTexts()
  assert.ok(layers.length >= 4 && layers.every((text) => /Pull complete|Already exists/.test(text)), layers.join(' | '))
  await sound(page, 'image-pulled')
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await row(page, image).getByText('Nothing').waitFor()
})

scenes('a pull that fails says why', async (page) => {
  await visit(page, `${on}/images`)
  await page.getByRole('button', { name: 'Pull an image' }).click()
  const dialog = page.getByRole('dialog', { name: 'Pull an image' })
  await dialog.getByRole('textbox', { name: 'Image' }).fill(`${registry}/team/no-such-image:1`)
  page.provoked = [/^404 POST .*\/images\/pull$/]
  await page.keyboard.press('Enter')
  await dialog.getByText('It could not be pulled').waitFor()
  await dialog.getByText(/not found|unknown|does not exist/i).first().waitFor()
  await sound(page, 'image-pull-failed')
})

scenes('an image is tagged, a tag is taken off, and it is removed', async (page, own) => {
  const name = own('layers')
  const image = tagged(name)
  if (!(await docker('images', '--quiet', image))) {
    await publish(image)
    await docker('pull', '--quiet', image)
  }
  await visit(page, `${on}/images?q=${name}`)
  await choose(page, image, 'Add a tag')
  const dialog = page.getByRole('dialog', { name: `Tag ${image}` })
  page.provoked = [/^400 POST .*\/tag$/]
  await dialog.getByLabel('New tag').fill('Not A Name')
  await dialog.getByRole('button', { name: 'Add the tag' }).click()
  await dialog.locator('.field-error, [role=alert]').getByText(/./).first().waitFor()
  await sound(page, 'image-tag-refused')
  await dialog.getByLabel('New tag').fill('ui/layers:stable')
  await page.keyboard.press('Enter')
  await told(page, 'Tagged as ui/layers:stable.')
  await page.getByText(/also .*layers/).waitFor()

  await row(page, image).getByRole('link').click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  for (const words of ['/bin/sh', '8080/tcp', 'made.for', 'COPY', 'ENTRYPOINT', '2.9 MiB']) await page.locator('main').getByText(words).first().waitFor()
  await page.getByText('No container on this engine is made from it.').waitFor()
  await sound(page, 'image-two-tags')
  await page.getByRole('button', { name: 'Take ui/layers:stable off' }).click()
  assert.match(await answer(page, 'Take it off'), /image stays, by its other tags/)
  await told(page, 'Took ui/layers:stable off.')
  const last = page.getByRole('button', { name: new RegExp(`^Take ${image} off`) })
  await until('the last tag stays', async () => (await last.getAttribute('aria-disabled')) === 'true')

  await page.getByRole('button', { name: /^More for/ }).click()
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  await page.getByRole('dialog').waitFor()
  await sound(page, 'image-remove')
  assert.match(await answer(page, /^Remove/), /layers.*must be built again/)
  await page.waitForURL(`**${on}/images`)
  await row(page, image).waitFor({ state: 'detached' })
  assert.equal(await docker('images', '--quiet', image), '')
})

scenes('what uses an image is named before it goes', async (page, own) => {
  const user = own('ui-image-user')
  await discard(user)
  await docker('tag', 'busybox', 'ui/used:1')
  // An image of its own, so that only this container uses it.
  const id = await docker('commit', await docker('create', '--name', user, 'ui/used:1', 'true'), 'ui/used:1')
  await discard(user)
  await docker('create', '--name', user, 'ui/used:1', 'true')
  await visit(page, `${on}/images?state=used`)
  await row(page, 'ui/used:1').getByText(user).waitFor()
  page.provoked = [/^409 DELETE /]
  await choose(page, 'ui/used:1', 'Remove')
  await page.getByText(`Containers are made from it: ${user}.`).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: /^Remove/ }).click()
  await page.locator('.toast[data-tone="bad"]').waitFor()
  assert.equal(await docker('images', '--quiet', '--no-trunc', 'ui/used:1'), id)
  await choose(page, 'ui/used:1', 'Remove')
  await page.getByLabel(/^Remove it even if/).check()
  await page.getByRole('dialog').getByRole('button', { name: /^Remove/ }).click()
  await told(page, 'Removed ui/used:1.')
  await page.getByLabel('Use', { exact: true }).selectOption('unused')
  await page.waitForURL(/state=unused/)
  await discard(user)
})
