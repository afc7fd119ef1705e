// What every part of the browser suite stands on: one browser, pages that fail on any error of theirs, and the checks for all pages.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { after, before } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium } from 'playwright-core'

/** Where Pilothouse is, the administrator's password, and the folder for screenshots: the test that starts this gives them. */
export const { PILOTHOUSE_URL: base, PILOTHOUSE_PASSWORD: password, PILOTHOUSE_SCREENS: screens } = process.env
export const wide = { width: 1440, height: 900 }
export const narrow = { width: 390, height: 844 }

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
let browser

before(async () => {
  assert.ok(base && password && screens, 'run this through `cargo test -p pilothouse-tests browser`')
  assert.ok(CHROMIUM, 'there is no Chromium: `deploy/sandbox/install test` installs it')
  mkdirSync(screens, { recursive: true })
  // Nothing but the console is to be reached, and root may run it.
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] })
})
after(() => browser?.close())

/** A page of a browser of its own. What goes wrong on it is in `page.faults`; a refusal that a test provokes is no fault. */
export async function open({ viewport = wide, scheme = 'light', state } = {}) {
  const context = await browser.newContext({ baseURL: base, viewport, colorScheme: scheme, storageState: state, reducedMotion: 'reduce' })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  page.faults = []
  page.on('pageerror', (error) => page.faults.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !message.text().startsWith('Failed to load resource')) page.faults.push(message.text())
  })
  return page
}

/** Goes to an address, and waits until the browser half has taken over. */
export async function visit(page, path) {
  const answer = await page.goto(path)
  await page.waitForSelector('html[data-hydrated]', { timeout: 20_000 })
  return answer
}

/** Signs in by the form. */
export async function signIn(page, username = 'admin', secret = password) {
  await visit(page, '/sign-in')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(secret)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname !== '/sign-in')
}

let session
/** The cookies of one sign-in, shared: sign-ins are throttled. */
export async function signedIn() {
  if (session) return session
  const page = await open()
  await signIn(page)
  session = await page.context().storageState()
  await page.context().close()
  return session
}

/** Calls the API as the page's user. */
export async function api(page, method, path, data) {
  const answer = await page.request.fetch(`/api/v1${path}`, { method, data, headers: { Origin: base } })
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
  return answer.json()
}

/** What holds for every page: no fault, nothing sticks out at the side, and nothing serious for axe. */
export async function sound(page, name) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok(over <= 0, `${name} sticks out by ${over} px`)
  await page.screenshot({ path: `${screens}/${name}.png` })
  const faults = [...page.faults]
  const { violations } = await new AxeBuilder({ page }).options({ preload: false, resultTypes: ['violations'] }).analyze()
  // axe measures with inline styles, which the policy refuses and the browser reports: those are not the page's.
  page.faults = faults
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
  const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`)
  assert.deepEqual(told, [], `axe on ${name}`)
  assert.deepEqual(faults, [], `faults on ${name}`)
}
