// Images: looked for by words, and run in two clicks, up to the page that they serve.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { discard, docker, registry, scenes, socket, sound, until, visit } from './harness.mjs'

/** Where the engine's network is reached from this machine. */
const address = () => readFileSync(join(dirname(socket), 'address'), 'utf8').trim()

/** Makes an image that serves a page, and leaves it in the registry alone. */
async function publish(image, page) {
  const context = mkdtempSync(join(tmpdir(), 'web-'))
  try {
    writeFileSync(join(context, 'index.html'), page)
    const recipe = ['FROM busybox', 'COPY index.html /www/index.html', 'ENV COLOUR=blue', 'EXPOSE 8080', 'STOPSIGNAL KILL', 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]']
    writeFileSync(join(context, 'Dockerfile'), `${recipe.join('\n')}\n`)
    await docker('build', '--quiet', '--tag', image, context)
    await docker('push', '--quiet', image)
    await docker('image', 'rm', image)
  } finally {
    rmSync(context, { recursive: true })
  }
}

scenes('an image that an engine has not got is pulled, started, and opened', async (page, own) => {
  const [repository, name] = [`${registry}/team/${own('served')}`, own('ui-served')]
  await discard(name)
  await publish(`${repository}:latest`, `this is ${name}`)
  await visit(page, `/run?image=${encodeURIComponent(repository)}`)
  await page.getByText('It is not on this engine yet').waitFor()
  await page.getByRole('textbox', { name: 'Name' }).fill(name)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByText(`${name} is up`).waitFor()
  // What the image says of itself was filled in on the way.
  assert.equal(await page.getByRole('textbox', { name: 'Ports' }).inputValue(), '8080/tcp')
  assert.match(await page.getByRole('textbox', { name: 'Environment' }).inputValue(), /^COLOUR=blue$/m)
  const link = page.getByRole('link', { name: /^http:/ })
  const href = new URL(await link.getAttribute('href'))
  assert.equal(href.hostname, new URL(page.home).hostname, 'an engine on this machine is reached as Pilothouse is')
  await sound(page, 'run-up')
  // The sandbox's engine has a network of its own, where its ports are.
  const served = await until('the port answers', () => fetch(`http://${address()}:${href.port}/`).then((answer) => answer.text(), () => ''))
  assert.equal(served.trim(), `this is ${name}`)
  await discard(name)
})

scenes('an image of a registry is found and its form is filled in; what does not answer is named', async (page, own) => {
  const name = own('found')
  await publish(`${registry}/team/${name}:1`, name)
  await visit(page, '/search/images')
  await page.getByText('What are you looking for?').waitFor()
  await page.getByRole('searchbox', { name: "Words in the image's name" }).fill(`${name} team`)
  await page.keyboard.press('Enter')
  const found = page.getByRole('list', { name: 'Images' }).getByRole('listitem').filter({ hasText: `team/${name}` })
  await found.getByText('images', { exact: true }).waitFor()
  // There is no way to Docker Hub from here.
  await page.locator('.callout').getByText('Docker Hub').waitFor()
  await sound(page, 'image-found')
  await found.getByRole('link', { name: `team/${name}` }).waitFor()
  await found.getByRole('link', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/run\?/)
  const ports = page.getByRole('textbox', { name: 'Ports' })
  await until('the form is filled in', async () => (await ports.inputValue()) === '8080/tcp')
  assert.equal(await page.getByLabel('Tag').inputValue(), '1')
  await sound(page, 'run-registry')
  // The sandbox's engine has a network of its own: it does not reach Pilothouse by the address that people use here.
  page.provoked = [/^\d+ POST .*\/images\/pull$/]
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByText('It could not be pulled').waitFor()
  await page.getByText(/could not pull it through Pilothouse at .* It does not reach Pilothouse/).waitFor()
  await sound(page, 'run-unreachable')
})

scenes('nothing is found by what nothing is called', async (page) => {
  await visit(page, '/search/images?words=zz-no-such-thing')
  await page.getByText('Nothing was found').waitFor()
  await visit(page, '/run')
  await page.getByText('Which image?').waitFor()
  await sound(page, 'run-nothing')
})
