// Second factors: an authenticator app, recovery codes, passkeys by Chromium's virtual authenticator, and a role that asks for one.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { code, inTime } from './codes.mjs'
import { api, named, open, password, scene, scenes, settled, signIn, sound, told, visit } from './harness.mjs'

const SECOND = [/^401 POST \/api\/v1\/session$/, /^401 GET \/api\/v1\/me$/]

/** Somebody of this name, made anew, who holds `role` on all. */
async function somebody(name, role = 'viewer') {
  const admin = await open()
  const { items } = await api(admin, 'GET', '/users?limit=500')
  if (items.some((user) => user.username === name)) await api(admin, 'DELETE', `/users/${name}`)
  await api(admin, 'POST', '/users', { username: name, password })
  await api(admin, 'POST', '/grants', { user: name, role, scope: 'all' })
  return admin
}

/** Sends the password in the form, and waits for the second step. */
async function firstStep(page, name) {
  await visit(page, '/sign-in')
  await page.getByLabel('Username').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Start again' }).waitFor()
}

/** Adds an authenticator app on the account page; answers with its secret. What is shown next are the recovery codes. */
async function addApp(page, away = -1) {
  await page.getByRole('button', { name: 'Add an authenticator app' }).click()
  await page.getByLabel('Your password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Show the QR code' }).click()
  const secret = (await page.getByRole('region', { name: 'the key for the authenticator app' }).innerText()).trim()
  await inTime()
  await page.getByLabel('Code that the app shows').fill(code(secret, away))
  await page.getByRole('button', { name: 'Add the app' }).click()
  await page.getByText('Keep these recovery codes').waitFor()
  return secret
}

const inside = (page) => page.waitForURL((url) => url.pathname !== '/sign-in')

scenes('an authenticator app is added, asked for, and removed', { as: null }, async (page, own) => {
  const name = own('ada')
  const admin = await somebody(name)
  page.provoked = [...SECOND, /^400 POST \/api\/v1\/account\/factors/, /^401 POST \/api\/v1\/session\/factor$/]
  await signIn(page, name)
  await visit(page, '/account')
  await page.getByText('None yet.').waitFor()
  await page.getByRole('button', { name: 'Add an authenticator app' }).click()
  await page.getByLabel('Your password', { exact: true }).fill('not that one at all')
  await page.getByRole('button', { name: 'Show the QR code' }).click()
  await page.getByText('This is not the current password.').waitFor()
  await page.getByLabel('Your password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Show the QR code' }).click()
  await page.getByRole('img', { name: /^QR code/ }).waitFor()
  const secret = (await page.getByRole('region', { name: 'the key for the authenticator app' }).innerText()).trim()
  assert.match(secret, /^[A-Z2-7]{32}$/)
  await page.getByLabel('Code that the app shows').fill('000000')
  await page.getByRole('button', { name: 'Add the app' }).click()
  await page.getByText('This is not the code').waitFor()
  await sound(page, 'factors-app')
  await page.getByLabel('Name of the app').fill('phone')
  await inTime()
  await page.getByLabel('Code that the app shows').fill(code(secret, -1))
  await page.getByRole('button', { name: 'Add the app' }).click()
  await told(page, 'Added phone.')

  const codes = (await page.getByRole('region', { name: 'the recovery codes' }).innerText()).trim().split('\n')
  assert.equal(codes.length, 10)
  await sound(page, 'factors-codes')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()])
  assert.equal(file.suggestedFilename(), 'pilothouse-recovery-codes.txt')
  assert.deepEqual(readFileSync(await file.path(), 'utf8').trim().split('\n'), codes)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('10 recovery codes left').waitFor()
  assert.equal(await page.getByText(codes[0]).count(), 0, 'they are not shown again')

  await page.context().clearCookies()
  await firstStep(page, name)
  await sound(page, 'sign-in-second-step')
  await page.getByLabel('Code', { exact: true }).fill('000000')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText('The code is wrong, or was used before.').waitFor()
  await inTime()
  await page.getByLabel('Code', { exact: true }).fill(code(secret))
  await page.keyboard.press('Enter')
  await inside(page)

  await page.context().clearCookies()
  await firstStep(page, name)
  await page.getByRole('button', { name: 'Use a recovery code' }).click()
  await page.getByLabel('Recovery code').fill(codes[3])
  await sound(page, 'sign-in-recovery')
  await page.getByRole('button', { name: 'Go on' }).click()
  await inside(page)
  await visit(page, '/account')
  await page.getByText('9 recovery codes left').waitFor()
  // It was proved a moment ago: the password is not asked for again.
  await page.getByRole('button', { name: 'New recovery codes' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make new ones' }).click()
  await page.getByText('Keep these recovery codes').waitFor()
  assert.equal(await page.getByText(codes[4]).count(), 0, 'they are new ones')
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByRole('button', { name: 'Remove phone' }).click()
  await page.getByRole('dialog').waitFor()
  await sound(page, 'factors-remove')
  await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
  await told(page, 'Removed phone.')
  await page.getByText('None yet.').waitFor()
  await page.context().clearCookies()
  await signIn(page, name)
  await admin.context().close()
})

scenes('a passkey signs in, after the password and without it', { as: null, home: named }, async (page, own) => {
  const name = own('pia')
  const admin = await somebody(name)
  page.provoked = [...SECOND, /^401 POST \/api\/v1\/session\/passkey\/finish$/]
  const devices = await page.context().newCDPSession(page)
  await devices.send('WebAuthn.enable')
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true }
  const { authenticatorId } = await devices.send('WebAuthn.addVirtualAuthenticator', { options })
  await signIn(page, name)
  await visit(page, '/account')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByLabel('Name of the passkey').fill('this laptop')
  await page.getByLabel('Your password', { exact: true }).fill(password)
  await sound(page, 'factors-passkey')
  await page.getByRole('button', { name: 'Make the passkey' }).click()
  await told(page, 'Added this laptop.')
  await page.getByRole('button', { name: 'I have kept them' }).click()
  const { credentials } = await devices.send('WebAuthn.getCredentials', { authenticatorId })
  assert.deepEqual(credentials.map(({ rpId, isResidentCredential }) => [rpId, isResidentCredential]), [['localhost', true]])
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByLabel('Name of the passkey').fill('the same again')
  await page.getByRole('button', { name: 'Make the passkey' }).click()
  await page.getByText('This device has a passkey for you already.').waitFor()

  await page.context().clearCookies()
  await firstStep(page, name)
  await sound(page, 'sign-in-second-step-passkey')
  await page.getByRole('button', { name: 'Use your passkey' }).click()
  await inside(page)
  const { items } = await api(page, 'GET', '/sessions')
  assert.equal(items.find((session) => session.current).factor, 'passkey')

  await page.context().clearCookies()
  await visit(page, '/sign-in?next=%2Faccount')
  await sound(page, 'sign-in-passkey')
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.waitForURL('**/account')
  assert.equal((await api(page, 'GET', '/me')).username, name)

  // A device that does not see who uses it is enough after a password, and not without one.
  await devices.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  await page.context().clearCookies()
  await visit(page, '/sign-in')
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('No passkey was used.').waitFor()
  await api(admin, 'DELETE', `/users/${name}/factors`)
  await devices.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('This passkey is not known here.').waitFor()
  await admin.context().close()
})

scenes('at another address the browser says where its passkeys are for', { as: 'viewer' }, async (page) => {
  await visit(page, '/account')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByLabel('Name of the passkey').fill('key')
  await page.getByLabel('Your password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Make the passkey' }).click()
  await page.getByText(/open Pilothouse (there|over)/i).waitFor()
})

// At one width only: the rule is for everybody who holds the role.
scene('a role asks for a second factor, and an administrator helps who lost theirs', { as: null }, async (page) => {
  const admin = await somebody('rob', 'viewer')
  page.provoked = [...SECOND, /^403 GET /, /^401 GET /]
  try {
    await visit(admin, '/people')
    await admin.getByRole('checkbox', { name: 'viewer', exact: true }).check()
    await admin.getByRole('button', { name: 'Save the rules' }).click()
    await told(admin, 'The rules are in force.')
    await sound(admin, 'factor-rules')

    await visit(page, '/sign-in')
    await page.getByLabel('Username').fill('rob')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL('**/account')
    await page.waitForSelector('html[data-hydrated]')
    await settled(page)
    await page.getByText('Your role asks for a second factor').waitFor()
    await sound(page, 'account-held-back')
    await visit(page, '/engines')
    await page.getByText(/needs a second factor: add one under your account/).first().waitFor()
    await visit(page, '/account')
    await addApp(page)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('Your role asks for a second factor').waitFor({ state: 'detached' })
    await visit(page, '/engines')
    await page.getByRole('link', { name: 'demo' }).first().waitFor()

    await visit(admin, '/people/rob')
    await admin.getByRole('button', { name: 'Remove their factors' }).click()
    await admin.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await told(admin, 'rob has no second factor now.')
    assert.equal((await page.request.get('/api/v1/me')).status(), 401, 'their sessions have ended')
  } finally {
    await api(admin, 'PUT', '/factor-rules', { rules: [] })
    await admin.context().close()
  }
})
