// Retention of a registry: a rule is made, what it would let go is looked at, and that goes.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { answer, api, images, row, scenes, sound, told, until, visit } from './harness.mjs'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const retention = '/registries/images/retention'

const digest = (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`

async function ask(method, path, body, type) {
  const answer = await fetch(path.startsWith('http') ? path : `${images}${path}`, { method, body, headers: type ? { 'Content-Type': type } : {} })
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
  return answer
}

/** Pushes an image that says that it was made at that time, straight to the registry. */
async function publish(repository, tag, created) {
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', created, made: tag })
  for (const text of [config, 'layer']) {
    const place = new URL((await ask('POST', `/v2/${repository}/blobs/uploads/`)).headers.get('location'), images)
    place.searchParams.set('digest', digest(text))
    await ask('PUT', place.href, text, 'application/octet-stream')
  }
  const part = (mediaType, text) => ({ mediaType, digest: digest(text), size: text.length })
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: part('application/vnd.oci.image.config.v1+json', config),
    layers: [part('application/vnd.oci.image.layer.v1.tar', 'layer')],
  }
  await ask('PUT', `/v2/${repository}/manifests/${tag}`, JSON.stringify(manifest), MANIFEST)
}

const tags = async (repository) => (await (await ask('GET', `/v2/${repository}/tags/list`)).json()).tags.sort()

/** Forgets what a broken run has left behind. */
async function forget(page, prefix) {
  const { items } = await api(page, 'GET', '/registries/images/retention/rules?limit=500')
  for (const { id } of items.filter((rule) => rule.prefix === prefix)) await api(page, 'DELETE', `/registries/images/retention/rules/${id}`)
}

scenes('a rule is made, looked at and run', async (page, own) => {
  const repository = `keep/${own('app')}`
  await forget(page, repository)
  for (const [n, tag] of ['v1', 'v2', 'v3', 'stable'].entries()) await publish(repository, tag, `2026-0${n + 1}-01T00:00:00Z`)
  await visit(page, retention)
  await page.getByText('garbage-collect').first().waitFor()
  await sound(page, 'retention')

  page.provoked = [/^400 POST .*\/retention\/rules$/]
  await page.getByRole('textbox', { name: /^Repositories/ }).fill(repository)
  await page.getByRole('button', { name: 'Make the rule' }).click()
  await page.getByText('This rule keeps nothing of itself.').waitFor()
  await page.getByRole('checkbox', { name: /^Keep nothing but what is in use/ }).waitFor()
  await page.getByRole('textbox', { name: /^Keep the newest/ }).fill('1')
  await page.getByRole('textbox', { name: /^Keep tags like/ }).fill('v3 s*')
  await page.getByRole('combobox', { name: /^Run it/ }).selectOption('week')
  await page.getByRole('textbox', { name: /^At the hour/ }).fill('4')
  await sound(page, 'retention-rule')
  await page.getByRole('button', { name: 'Make the rule' }).click()
  await told(page, `The rule for ${repository} is kept.`)
  await row(page, repository).getByText('every Monday at 04:00 UTC').waitFor()

  await row(page, repository).getByRole('button', { name: `Change the rule for ${repository}` }).click()
  await page.getByRole('combobox', { name: /^Run it/ }).selectOption('never')
  await page.getByRole('button', { name: 'Save the rule' }).click()
  await row(page, repository).getByText('when somebody runs it').waitFor()

  await row(page, repository).getByRole('button', { name: `Preview ${repository}` }).click()
  await page.waitForURL('**/retention/plans/*')
  await page.getByText('2 manifests with 2 tags').waitFor()
  await row(page, `${repository}:v1`).getByText('Nothing keeps it').waitFor()
  await row(page, `${repository}:stable`).getByText('It fits a pattern: s*').waitFor()
  await sound(page, 'retention-preview')
  await page.getByLabel('What becomes of them').selectOption('stays')
  await row(page, `${repository}:v1`).waitFor({ state: 'hidden' })
  assert.deepEqual(await tags(repository), ['stable', 'v1', 'v2', 'v3'], 'to look deletes nothing')

  await page.getByRole('button', { name: 'Delete what goes' }).click()
  assert.match(await answer(page, 'Delete them', 'images'), /for good/)
  await told(page, 'It is being run.')
  await page.waitForURL(`**${retention}`)
  await until('what was shown is gone', async () => String(await tags(repository)) === 'stable,v3')
  await page.getByRole('region', { name: 'Last runs' }).getByText('2 of 2 manifests, 2 tags').first().waitFor()
  await sound(page, 'retention-run')

  await row(page, repository).getByRole('button', { name: `Remove the rule for ${repository}` }).click()
  await answer(page, 'Remove')
  await told(page, `The rule for ${repository} is removed.`)
})

scenes('who only looks makes no rules', { as: 'viewer' }, async (page) => {
  await visit(page, retention)
  await page.getByRole('heading', { name: 'Last runs' }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Make the rule' }).count(), 0, 'there is no form for who may make no rule')
  await sound(page, 'retention-viewer')
})
