// What every part of the browser suite stands on: one browser, pages that fail on any error of theirs, and the checks for all pages.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'

/**
 * Where Pilothouse is, the administrator's password, the socket of the engine `demo`, the address by which Pilothouse reaches that
 * engine's registry (which it calls `images`), the set-up link of a second Pilothouse that nobody has been at, and the folder for
 * screenshots: the test that starts this gives them.
 */
export const {
  PILOTHOUSE_URL: base,
  PILOTHOUSE_PASSWORD: password,
  PILOTHOUSE_SOCKET: socket,
  PILOTHOUSE_REGISTRY: images,
  PILOTHOUSE_SETUP: setup,
  PILOTHOUSE_SCREENS: screens,
} = process.env
export const wide = { width: 1440, height: 900 }
export const narrow = { width: 390, height: 844 }
/** What can be done at a desk can be done on a telephone. */
const WIDTHS = [wide, narrow]
/** The pages of the engine. */
export const on = '/on/demo'
/** The registry that the engine reaches. */
export const registry = '127.0.0.1:5099'

/** So long may one test take: what hangs is to say so. */
const LONGEST = 60_000
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let browser
let opened = process.pid % 200 << 8

before(async () => {
  assert.ok(base && password && socket && images && setup && screens, 'run this through `cargo test -p pilothouse-tests browser`')
  assert.ok(CHROMIUM, 'there is no Chromium: `deploy/sandbox/install test` installs it')
  mkdirSync(screens, { recursive: true })
  // Nothing but the console is to be reached, and root may run it.
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  browser = await chromium.launch({ executablePath: CHROMIUM, args })
})
after(() => browser?.close())

/**
 * Runs in every page before its own scripts: notes what the security policy stops, and how far things jump while they load.
 * `hit` is what hostile markup would set if it ran.
 */
function watch() {
  globalThis.stopped = []
  globalThis.jumps = []
  addEventListener('securitypolicyviolation', (event) => globalThis.stopped.push(`${event.violatedDirective} stopped ${event.blockedURI} ${event.sample}`))
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue
      const what = entry.sources.map(({ node, previousRect: a, currentRect: b }) => `${node?.nodeName}.${node?.className} ${a.x},${a.y} to ${b.x},${b.y}`)
      globalThis.jumps.push({ value: entry.value, what })
    }
  }).observe({ type: 'layout-shift', buffered: true })
}

/** A page of a browser of its own. What goes wrong on it is in `page.faults`, but for the answers that a test says it provokes. */
export async function open({ viewport = wide, scheme = 'light', as = 'admin', home = base } = {}) {
  const storageState = as ? await signedIn(as, home) : undefined
  // Each is somebody else's machine: wrong passwords and codes are counted by the address, and one test's are not to slow down another's.
  const from = `10.0.${opened >> 8}.${opened & 255}`
  opened += 1
  const extraHTTPHeaders = { 'X-Forwarded-For': from }
  const context = await browser.newContext({ baseURL: home, viewport, colorScheme: scheme, storageState, reducedMotion: 'reduce', extraHTTPHeaders })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: home })
  await context.addInitScript(watch)
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  page.home = home
  page.from = from
  page.faults = []
  page.provoked = []
  page.on('pageerror', (error) => page.faults.push(String(error)))
  page.on('console', (message) => {
    // Which answer it was is told by the answer.
    if (['error', 'warning'].includes(message.type()) && !message.text().startsWith('Failed to load resource')) page.faults.push(message.text())
  })
  page.on('response', (answer) => {
    const told = `${answer.status()} ${answer.request().method()} ${answer.url().replace(home, '')}`
    if (answer.status() >= 400 && !page.provoked.some((allowed) => allowed.test(told))) page.faults.push(told)
  })
  return page
}

/** A test with a page of its own, which must stay without faults. When it fails there is a picture of the page. */
export function scene(name, options, run) {
  if (!run) [options, run] = [{}, options]
  test(name, { timeout: LONGEST, skip: options.skip }, async () => {
    const page = await open(options)
    try {
      await run(page)
      assert.deepEqual(await faults(page), [])
    } catch (error) {
      const file = `${screens}/failed-${name.replaceAll(/\W+/g, '-')}`
      // Somebody else's page may be the one that does not go on.
      for (const [n, shown] of browser.contexts().flatMap((context) => context.pages()).entries()) {
        await shown.screenshot({ path: `${file}-${n}.png` }).catch(() => {})
        const text = (await shown.locator('body').innerText({ timeout: 1_000 }).catch(() => 'no text')).replaceAll(/\s+/g, ' ').slice(0, 400)
        error.message += `\n(${shown.url()}; picture: ${file}-${n}.png; faults: ${shown.faults?.join(' | ') || 'none'}; text: ${text})`
      }
      throw error
    } finally {
      await page.context().close()
    }
  })
}

/**
 * A test at each width. `own` makes a name that the other width's run does not use: what one of them leaves behind is not what the
 * other one finds.
 */
export function scenes(name, options, run) {
  if (!run) [options, run] = [{}, options]
  for (const viewport of WIDTHS) scene(`${name}, ${viewport.width} px wide`, { ...options, viewport }, (page) => run(page, (thing) => `${thing}-${viewport.width}`))
}

/** Is the page as narrow as a telephone? */
export const isNarrow = (page) => page.viewportSize().width === narrow.width

/** What went wrong on the page, and what its security policy had to stop. */
async function faults(page) {
  return [...page.faults, ...(await page.evaluate(() => globalThis.stopped))]
}

/** Goes to an address, and waits until the browser half has taken over and what is on its way has come. */
export async function visit(page, path) {
  const answer = await page.goto(path)
  await page.waitForSelector('html[data-hydrated]', { timeout: 30_000 })
  await settled(page)
  return answer
}

/** Waits until no skeleton is left. */
export async function settled(page) {
  await page.waitForFunction(() => !document.querySelector('.bone') && document.fonts.status === 'loaded')
}

/** Signs in by the form. */
export async function signIn(page, username, secret = password) {
  await visit(page, '/sign-in')
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(secret)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((url) => url.pathname !== '/sign-in')
}

/** Those who are not the administrator, and what they may do. */
const PEOPLE = { viewer: { role: 'viewer', scope: 'all' }, stranger: null, mira: { role: 'viewer', scope: 'engine/demo' } }
const sessions = new Map()
/** By the name that the house goes by in its settings: passkeys are bound to it, and sign-in providers send people back there. */
export const named = base?.replace('127.0.0.1', 'localhost')
/** The cookies of one sign-in of a user, shared by all tests of a file: sign-ins are throttled. */
async function signedIn(username, home) {
  const key = `${username} at ${home}`
  if (!sessions.has(key)) {
    if (username !== 'admin') await addPerson(username)
    const page = await open({ as: null, home })
    await signIn(page, username)
    sessions.set(key, await page.context().storageState())
    await page.context().close()
  }
  return sessions.get(key)
}

async function addPerson(username) {
  const admin = await open()
  const { items } = await api(admin, 'GET', '/users?limit=500')
  if (!items.some((user) => user.username === username)) {
    await api(admin, 'POST', '/users', { username, password })
    if (PEOPLE[username]) await api(admin, 'POST', '/grants', { user: username, ...PEOPLE[username] })
  }
  await admin.context().close()
}

/** Says on the audit page what to look for, and waits until the address has it. */
export async function search(page, text) {
  await page.getByRole('searchbox', { name: 'Search the trail' }).fill(text)
  await page.keyboard.press('Enter')
  await until('the address has it', async () => (new URL(page.url()).searchParams.get('q') ?? '') === text)
}

/** Calls the API as the page's user. */
export async function api(page, method, path, data) {
  const answer = await page.request.fetch(`/api/v1${path}`, { method, data, headers: { Origin: page.home } })
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
  return answer.json()
}

const run = promisify(execFile)
/** The `docker` command line, straight at the engine: for what is to be there before a test. */
export async function docker(...args) {
  const env = { ...process.env, DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: '/nonexistent', DOCKER_BUILDKIT: '0' }
  const { stdout } = await run('/usr/bin/docker', args, { env, maxBuffer: 1 << 26 })
  return stdout.trim()
}

/** Containers of one test alone, made anew. They end at once when they are stopped: a bare `sleep` would take its ten seconds. */
export async function make(...names) {
  await discard(...names)
  for (const name of names) await docker('run', '--detach', '--stop-signal', 'KILL', '--name', name, '--label', 'browser=yes', 'busybox', 'sleep', '3600')
}

/** Removes containers, if they are there. */
export async function discard(...names) {
  await docker('rm', '--force', '--volumes', ...names)
}

/** The row of the thing that goes by this name. */
export function row(page, name) {
  return page.locator('tbody tr').filter({ has: page.locator('td.main .name').getByText(name, { exact: true }) })
}

/** The menu beside the page; where there is no room beside it, it is opened first. */
export async function menu(page) {
  const nav = page.getByRole('navigation', { name: 'Main' })
  if (isNarrow(page) && !(await nav.isVisible())) await page.getByRole('button', { name: 'Menu', exact: true }).click()
  await nav.waitFor()
  return nav
}

/** Opens a row's menu and chooses from it. */
export async function choose(page, name, item) {
  await row(page, name).getByRole('button', { name: /^More for/ }).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}

/** Says yes to the question that is asked; `typed` is what has to be typed before the button works. Answers with what would be lost. */
export async function answer(page, button, typed) {
  const dialog = page.getByRole('dialog')
  const yes = dialog.getByRole('button', { name: button })
  const loses = await dialog.locator('.loses li').allInnerTexts()
  assert.ok(loses.length > 0, 'a question says what is lost')
  if (typed) {
    assert.equal(await yes.getAttribute('aria-disabled'), 'true', 'the name has to be typed first')
    await dialog.getByLabel(/^Type/).fill(typed)
  }
  await yes.click()
  await dialog.waitFor({ state: 'hidden' })
  return loses.join(' ')
}

/** Waits for what is said in the corner. */
export async function told(page, words) {
  await page.locator('.toasts').getByText(words).first().waitFor()
}

/** Asks again until it holds. */
export async function until(what, holds) {
  const end = Date.now() + 15_000
  for (;;) {
    const last = await holds()
    if (last) return last
    if (Date.now() > end) assert.fail(`${what}, but that has not come to pass`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

/** Nothing sticks out at the side. */
export async function fits(page, name) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  const wideOnes = over > 0 && (await page.evaluate(() => [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 160))))
  assert.ok(over <= 0, `${name} sticks out by ${over} px: ${wideOnes}`)
}

/** Nothing serious for axe. `rules`: only these. */
export async function accessible(page, name, rules) {
  const before = [...page.faults]
  const stopped = await page.evaluate(() => globalThis.stopped.length)
  // Straight in the page: the console has no frames, and what drives axe through frames takes three times as long.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  const options = { preload: false, resultTypes: ['violations'], selectors: false, ...(rules && { runOnly: rules }) }
  const violations = await page.evaluate(async (options) => {
    const { violations } = await globalThis.axe.run(document, options)
    return violations.map(({ id, impact, nodes }) => ({ id, impact, html: nodes.map((node) => node.html.slice(0, 200)) }))
  }, options)
  // axe measures with inline styles, which the policy refuses and the browser reports: those are not the page's.
  page.faults = before
  await page.evaluate((stopped) => globalThis.stopped.splice(stopped), stopped)
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
  assert.deepEqual(serious.map(({ id, html }) => `${id}: ${html.join(' | ')}`), [], `axe on ${name}`)
}

/** How far things have jumped since the page was loaded, as browsers measure it: 0.1 is where people begin to notice. */
export async function calm(page, name) {
  const jumps = await page.evaluate(() => globalThis.jumps)
  const sum = jumps.reduce((sum, { value }) => sum + value, 0)
  const worst = jumps.sort((a, b) => b.value - a.value).slice(0, 3)
  assert.ok(sum < 0.1, `${name} jumps by ${sum.toFixed(3)}: ${JSON.stringify(worst)}`)
}

/** Everything that can be pressed or filled in is reached by Tab, and shows that it has the focus. */
export async function reachable(page, name) {
  await page.evaluate(() => {
    const wanted = 'a[href], button, input, select, textarea, summary, [tabindex="0"]'
    const first = (element, all) => element.type !== 'radio' || all.find((other) => other.type === 'radio' && other.name === element.name && (other.checked || !all.some((o) => o.name === element.name && o.checked))) === element
    const all = [...document.querySelectorAll(wanted)].filter((e) => e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true }) && !e.closest('.swagger-ui, .terminal-screen'))
    globalThis.unreached = new Set(all.filter((element) => first(element, all)))
    globalThis.unmarked = []
    document.activeElement?.blur()
    document.getSelection()?.empty()
    scrollTo(0, 0)
    globalThis.reach = () => {
      const now = document.activeElement
      globalThis.unreached.delete(now)
      const marked = [getComputedStyle(now), getComputedStyle(now, '::after'), now.closest('.choice') && getComputedStyle(now.closest('.choice'))]
      if (now !== document.body && !marked.some((style) => style && style.outlineStyle !== 'none')) globalThis.unmarked.push(now.outerHTML.slice(0, 160))
    }
    addEventListener('focusin', () => globalThis.reach())
  })
  const count = await page.evaluate(() => globalThis.unreached.size)
  for (let left = count + 12; left > 0 && (await page.evaluate(() => globalThis.unreached.size)) > 0; left -= 4) {
    for (let n = 0; n < 4; n++) await page.keyboard.press('Tab')
  }
  const missed = await page.evaluate(() => [...globalThis.unreached].filter((e) => e.isConnected).map((e) => e.outerHTML.slice(0, 160)))
  assert.deepEqual(missed, [], `Tab does not reach all of ${name}`)
  assert.deepEqual(await page.evaluate(() => [...new Set(globalThis.unmarked)]), [], `not all of ${name} shows that it has the focus`)
}

/** A picture of the page as it is now, and what holds for every page. */
export async function sound(page, what, rules) {
  const name = isNarrow(page) ? `${what}-${narrow.width}` : what
  await settled(page)
  // What was just changed, the colours among it, is drawn two frames later.
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))))
  await fits(page, name)
  await page.screenshot({ path: `${screens}/${name}.png` })
  await accessible(page, name, rules)
  assert.deepEqual(await faults(page), [], `faults on ${name}`)
}
