// Sign-in by others' word, at a real OpenID provider: added, tried, come in by, a group gained and lost, down, and signed out again.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { code, inTime } from './codes.mjs'
import { answer, api, calm, menu, named, open, row, scene, scenes, sound, told, until, visit } from './harness.mjs'

const { PILOTHOUSE_OPENID: issuer, PILOTHOUSE_OPENID_PEOPLE: people } = process.env
const SECRET = 'secret of the client'

/** Says anew who somebody is at the provider; without groups they are gone. */
function person(name, groups) {
  const all = JSON.parse(readFileSync(people, 'utf8'))
  if (groups) all[name] = { groups }
  else delete all[name]
  writeFileSync(people, JSON.stringify(all))
}

/** Gives name and password at the provider's own page. */
async function atProvider(page, name) {
  await page.waitForURL((url) => url.href.startsWith(`${issuer}/interaction/`))
  await page.locator('input[name=login]').fill(name)
  await page.locator('input[name=password]').fill('any')
  await page.locator('button[type=submit]').click()
}

/** Comes in by the provider `label`, as somebody who was not here. `second` is their second step, if one is asked for. */
async function comeIn(label, name, second = () => {}) {
  const page = await open({ as: null, home: named })
  await visit(page, '/sign-in?next=%2Fengines')
  await page.getByRole('link', { name: `Continue with ${label}` }).click()
  await atProvider(page, name)
  await second(page)
  await page.waitForURL('**/engines')
  await page.waitForSelector('html[data-hydrated]')
  return page
}

/** Adds an authenticator app as somebody without a password here; answers with its secret. */
async function addApp(page) {
  await visit(page, '/account')
  await page.getByRole('button', { name: 'Add an authenticator app' }).click()
  await page.getByRole('button', { name: 'Show the QR code' }).click()
  const secret = (await page.getByRole('region', { name: 'the key for the authenticator app' }).innerText()).trim()
  await inTime()
  await page.getByLabel('Code that the app shows').fill(code(secret, -1))
  await page.getByRole('button', { name: 'Add the app' }).click()
  await page.getByRole('button', { name: 'I have kept them' }).click()
  return secret
}

/** Forgets what a broken run has left behind. */
async function forget(page, name, team) {
  const has = async (path, is) => (await api(page, 'GET', `${path}?limit=500`)).items.some(is)
  if (await has('/providers', (one) => one.name === name)) await api(page, 'DELETE', `/providers/${name}`)
  if (await has('/teams', (one) => one.name === team)) await api(page, 'DELETE', `/teams/${team}`)
}

scenes('an OpenID provider is added, tried, and people come in by it', { home: named }, async (page, own) => {
  const [name, label, team, who] = [own('corp'), own('Corporate sign-in'), own('developers'), own('ana')]
  // What the provider's own page lacks is not our fault.
  page.provoked = [/^400 POST \/api\/v1\/providers$/, new RegExp(`^404 GET ${issuer}`)]
  await forget(page, name, team)
  await api(page, 'POST', '/teams', { name: team })
  await api(page, 'POST', '/grants', { team, role: 'viewer', scope: 'all' })
  person(who, ['dev'])

  await visit(page, '/providers')
  await page.getByRole('link', { name: 'Add a provider' }).first().click()
  await page.waitForURL('**/add/provider')
  await page.getByLabel('Which one').selectOption('keycloak')
  await page.getByText('https://HOST/realms/REALM').waitFor()
  await page.getByLabel('Which one').selectOption('generic')
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Label').fill(label)
  await page.getByLabel('Issuer').fill('http://id.example.com')
  await page.getByLabel('Client id').fill('pilothouse')
  await page.getByLabel('Client secret').fill(SECRET)
  await page.getByLabel('Groups and their teams').fill(`dev = ${team}`)
  await page.getByLabel(/^Seconds until/).fill('10')
  await page.getByRole('button', { name: 'Add the provider' }).click()
  await page.locator('.field-error').getByText('https://').waitFor()
  await sound(page, 'provider-add-refused')
  await page.getByLabel('Issuer').fill(issuer)
  await page.getByRole('button', { name: 'Add the provider' }).click()
  await told(page, `Added ${name}.`)
  await page.waitForURL(`**/providers/${name}`)
  await page.getByText(`/api/v1/session/oidc/${name}/callback`).waitFor()
  await sound(page, 'provider')

  await page.getByRole('button', { name: 'Try a sign-in' }).click()
  await atProvider(page, who)
  await page.waitForURL(`**/providers/${name}?test=*`)
  await page.waitForSelector('html[data-hydrated]')
  const tried = page.locator('.tried')
  await tried.getByText('It works').waitFor()
  await tried.getByText(`${who} at ${issuer}`).waitFor()
  await tried.getByText(team).waitFor()
  assert.equal((await api(page, 'GET', '/me')).username, 'admin', 'a test changes no session')
  await sound(page, 'provider-tried')

  await visit(page, '/providers')
  await row(page, name).getByText(issuer).waitFor()
  await sound(page, 'providers')

  const ana = await comeIn(label, who)
  await row(ana, 'demo').waitFor()
  assert.equal((await api(ana, 'GET', '/me')).username, who)
  await sound(ana, 'engines-of-ana')

  // A provider that does not say how it asked vouches for one factor; the one that is kept here comes behind it, in the same sign-in.
  const secret = await addApp(ana)
  const twice = await comeIn(label, who, async (page) => {
    page.provoked = [/^401 GET \/api\/v1\/me$/, /^401 POST \/api\/v1\/session\/factor$/]
    await page.waitForURL('**/sign-in?step=2&next=*')
    await page.getByLabel('Code', { exact: true }).waitFor()
    assert.equal((await page.request.get('/api/v1/me')).status(), 401, 'the provider alone lets nobody in')
    await sound(page, 'sign-in-behind-a-provider')
    await page.getByLabel('Code', { exact: true }).fill('000000')
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByText('The code is wrong, or was used before.').waitFor()
    await inTime()
    await page.getByLabel('Code', { exact: true }).fill(code(secret))
    await page.keyboard.press('Enter')
  })
  await row(twice, 'demo').waitFor()
  await twice.context().close()
  await api(page, 'DELETE', `/users/${who}/factors`)
  assert.equal((await ana.request.get('/api/v1/me')).status(), 401, 'their sessions end with their factors')
  await ana.context().close()
  const again = await comeIn(label, who)
  // The group is lost at the provider: without a sign-in, what it gave is gone.
  person(who, [])
  await until('the rights of the group are gone', async () => (await api(again, 'GET', '/engines')).items.length === 0)
  // Gone altogether: the session ends.
  person(who)
  await until('the session has ended', async () => (await again.request.get('/api/v1/me')).status() === 401)
  await again.context().close()

  // And out again, by the provider's own end.
  person(who, ['dev'])
  const back = await comeIn(label, who)
  await menu(back)
  await back.getByRole('button', { name: who }).click()
  await back.getByRole('menuitem', { name: 'Sign out' }).click()
  await back.waitForURL((url) => url.href.startsWith(`${issuer}/session/end`))
  await back.locator('button[name=logout]').click()
  await back.waitForURL('**/sign-in')
  await back.context().close()

  await visit(page, `/providers/${name}`)
  await page.getByRole('button', { name: 'Remove the provider' }).click()
  assert.match(await answer(page, 'Remove', name), /tokens stop/)
  await page.waitForURL('**/providers')
  await api(page, 'DELETE', `/teams/${team}`)
})

scenes('a provider that is down is said to be', async (page, own) => {
  const name = own('down')
  await forget(page, name)
  await api(page, 'POST', '/providers', { name, settings: { oidc: { issuer: 'http://127.0.0.1:1', client_id: 'x' } } })
  await visit(page, `/providers/${name}`)
  await page.getByRole('button', { name: 'Try a sign-in' }).click()
  await page.locator('.tried').getByText('It does not work').waitFor()
  await page.locator('.tried').getByText('The provider does not answer').waitFor()
  await sound(page, 'provider-down')
  const stranger = await open({ as: null })
  await visit(stranger, '/sign-in')
  await stranger.getByRole('link', { name: `Continue with ${name}` }).click()
  await stranger.waitForURL('**/sign-in?problem=down')
  await stranger.getByText('The provider cannot be asked now').waitFor()
  await stranger.waitForSelector('html[data-hydrated]')
  await sound(stranger, 'sign-in-down')
  await stranger.context().close()
  await api(page, 'DELETE', `/providers/${name}`)
})

scene('what a sign-in came to is said in our own words', { as: null }, async (page) => {
  await visit(page, '/sign-in?problem=%3Cimg%20src%3Dx%20onerror%3Dhit()%3E')
  await page.getByText('The sign-in was refused').waitFor()
  await calm(page, 'sign-in-refused')
  await sound(page, 'sign-in-refused')
})
