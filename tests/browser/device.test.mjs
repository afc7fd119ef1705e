// Letting a command line in, and client bundles.
import assert from 'node:assert/strict'
import { api, base, scenes, sound, told, visit } from './harness.mjs'

const ask = async (path, body) => {
  const answered = await fetch(`${base}/api/v1/device${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  return { status: answered.status, ...(await answered.json()) }
}

scenes('a command line is let in only after somebody has looked at who asks', async (page, own) => {
  page.provoked = [/^404 POST \/api\/v1\/device\/look$/]
  const machine = own('machine')
  const codes = await ask('', { client_name: 'pilothouse test', machine })
  const poll = () => ask('/token', { device_code: codes.device_code })
  // The link alone does nothing, though somebody is signed in.
  await visit(page, codes.verification_uri_complete.replace(/^.*\/device/, '/device'))
  assert.equal(await page.getByLabel('Code').inputValue(), codes.user_code)
  assert.equal((await poll()).error, 'authorization_pending')
  await sound(page, 'device-code')
  await page.getByLabel('Code').fill('BBBB-BBBB')
  await page.getByRole('button', { name: 'Show who asks' }).click()
  await page.getByText('Nobody waits with this code.').waitFor()
  await page.getByLabel('Code').fill(codes.user_code.toLowerCase().replace('-', ' '))
  await page.getByRole('button', { name: 'Show who asks' }).click()
  for (const words of [machine, 'pilothouse test', '127.0.0.1', codes.user_code, /A personal token of admin, valid 12 h/]) await page.getByText(words).first().waitFor()
  await page.getByText('Did you start this yourself, just now?').waitFor()
  await sound(page, 'device-asking')
  await new Promise((done) => setTimeout(done, 2_000))
  assert.equal((await poll()).error, 'authorization_pending', 'looking is no yes')
  await page.getByRole('button', { name: 'Let it in' }).click()
  await page.getByText('It is let in').waitFor()
  await sound(page, 'device-done')
  await new Promise((done) => setTimeout(done, 2_000))
  const got = await poll()
  assert.match(got.access_token, /^ph_pat_/)
  const me = await fetch(`${base}/api/v1/me`, { headers: { Authorization: `Bearer ${got.access_token}` } })
  assert.equal((await me.json()).username, 'admin')
  await api(page, 'DELETE', `/tokens/${got.id}`)
})

scenes('a command line is refused', async (page) => {
  const codes = await ask('', { client_name: 'somebody else' })
  await visit(page, '/device')
  await page.getByLabel('Code').fill(codes.user_code)
  await page.getByRole('button', { name: 'Show who asks' }).click()
  await page.getByRole('button', { name: 'Say no' }).click()
  await page.getByText('It is refused').waitFor()
  assert.equal((await ask('/token', { device_code: codes.device_code })).error, 'access_denied')
})

scenes('whoever opens the link signed out signs in first, and still has to look', { as: null }, async (page) => {
  const answered = await page.goto('/device?code=BCDF-GHJK')
  assert.equal(answered.status(), 200)
  assert.equal(new URL(page.url()).searchParams.get('next'), '/device?code=BCDF-GHJK')
})

scenes('a bundle is made on the account page', async (page, own) => {
  const name = own('bundle')
  await visit(page, '/account')
  await page.getByLabel('Name of the bundle').fill(name)
  await page.getByLabel('Engine of the bundle').selectOption('demo')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Make a bundle' }).click()])
  assert.equal(download.suggestedFilename(), 'pilothouse-demo.tar')
  const { execFileSync } = await import('node:child_process')
  const listed = execFileSync('tar', ['-tf', await download.path()], { encoding: 'utf8' })
  assert.match(listed, /^meta\.json$/m)
  assert.match(listed, /^tls\/pilothouse\/config\.json$/m)
  await told(page, 'The bundle is made.')
  await sound(page, 'account-bundle')
  // This Pilothouse speaks no TLS itself: what was made is a token.
  const { items } = await api(page, 'GET', '/tokens')
  for (const token of items.filter((token) => token.name === name)) await api(page, 'DELETE', `/tokens/${token.id}`)
})
