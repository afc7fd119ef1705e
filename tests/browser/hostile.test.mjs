// What strangers may name, label and print is shown as text, and runs nothing: not in a list, not in a log, not in a terminal.
// At one width, as text is text at any; the pages of the container are looked at on a telephone too, for what is long must fit.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api, base, discard, docker, fits, narrow, on, password, row, scene, visit } from './harness.mjs'

// Each would set `hit` if it ran, in one place or another of a page.
const IMG = '<img src=x onerror="globalThis.hit=1">'
const SCRIPT = '</script><script>globalThis.hit=1</script>'
const ATTRIBUTE = '"onmouseover="globalThis.hit=1" x="'
// A label's name takes no spaces, and ends at the first `=`.
const KEY = '<svg/onload>'
const TEMPLATE = '{{constructor.constructor("globalThis.hit=1")()}}'
const ESCAPES = '\u001b]0;taken over\u0007\u001b]8;;javascript:globalThis.hit=1\u0007click\u001b]8;;\u0007\u001b]52;c;aGl0\u0007\u001b[2J\u001b[1;1H\u001bPq#0\u001b\\'
/** The same, as `printf` of a shell takes them. */
const PRINTED = ESCAPES.replaceAll('\\', '\\\\').replaceAll('\u001b', '\\033').replaceAll('\u0007', '\\007')
const name = 'ui-hostile'
const path = `${on}/containers/${name}`

/** Nothing ran, nothing became markup, and the page is still the page. */
async function unharmed(page, where) {
  assert.equal(await page.evaluate(() => globalThis.hit), undefined, `it ran: ${where}`)
  const made = await page.evaluate(() => document.querySelectorAll('img, iframe, object, embed, main script, [onerror], [onmouseover], a[href^="javascript:"]').length)
  assert.equal(made, 0, `it became markup: ${where}`)
  assert.match(await page.title(), /Pilothouse$/, where)
  await fits(page, where)
}

let image
/** An image whose labels, environment and history are hostile, and a container of it that has more of the same. */
async function lay() {
  await discard(name)
  const context = mkdtempSync(join(tmpdir(), 'hostile-'))
  try {
    writeFileSync(join(context, 'file'), 'x')
    const quoted = (text) => JSON.stringify(text).replaceAll('$', '\\$')
    writeFileSync(join(context, 'Dockerfile'), `FROM busybox\nLABEL ${quoted('key')}=${quoted(IMG)}\nENV MARKUP=${quoted(SCRIPT)}\nRUN : '${IMG}'\nCOPY ["file", "/<img src=x onerror=globalThis.hit=1>"]\n`)
    image = await docker('build', '--quiet', '--tag', 'ui/hostile:1', context)
  } finally {
    rmSync(context, { recursive: true })
  }
  const say = `printf '%s\\n' '${IMG}' '${SCRIPT}' '${TEMPLATE}'; printf '${PRINTED}after the escapes\\n'; touch '/${IMG.replaceAll('/', '')}'`
  await docker('run', '--detach', '--stop-signal', 'KILL', '--name', name, '--label', `markup=${IMG}`, '--label', `${KEY}=key`, '--label', `com.docker.compose.project=${IMG}`,
    '--label', `com.docker.compose.service=${ATTRIBUTE}`, '--env', `ENV_MARKUP=${SCRIPT}`, '--env', `ESCAPES=${ESCAPES}`, 'ui/hostile:1', 'sh', '-c', `${say}; sleep 3600; :`, IMG)
}

scene('markup and escapes in a container are text on its pages', async (page) => {
  await lay()
  await visit(page, `${on}/containers?q=${name}`)
  await row(page, name).getByText(IMG).first().waitFor()
  await row(page, name).hover()
  await unharmed(page, 'the list')

  await visit(page, path)
  await page.getByRole('button', { name: 'Show the values' }).click()
  for (const text of [IMG, SCRIPT]) await page.locator('main').getByText(text, { exact: false }).first().waitFor()
  await unharmed(page, 'the summary')

  await visit(page, `${path}?tab=logs`)
  await page.locator('.log-line').getByText('after the escapes').waitFor()
  for (const text of [IMG, SCRIPT, TEMPLATE]) await page.locator('.log-text').getByText(text, { exact: true }).waitFor()
  assert.equal(await page.locator('.log-text').getByText('clickafter the escapes', { exact: true }).count(), 1, 'of the escapes only the words are left')
  await page.getByRole('searchbox').fill('<img')
  await page.locator('.log-text mark').first().waitFor()
  await unharmed(page, 'the log')

  for (const [tab, text] of [['processes', IMG], ['changes', `/${IMG}`], ['inspect', 'Config']]) {
    await visit(page, `${path}?tab=${tab}`)
    await page.locator('main').getByText(text, { exact: false }).first().waitFor()
    await unharmed(page, tab)
  }
  await page.getByRole('searchbox').fill('onerror')
  await page.getByRole('tree').getByText(JSON.stringify(IMG)).first().waitFor()
  await unharmed(page, 'the tree, searched')
  await page.setViewportSize(narrow)
  for (const tab of ['', '?tab=logs', '?tab=changes', '?tab=inspect']) {
    await visit(page, `${path}${tab}`)
    await unharmed(page, `${tab || 'the summary'} at 390 px`)
  }
})

scene('a terminal obeys no escape that reaches beyond it', async (page) => {
  await lay()
  await page.evaluate(() => navigator.clipboard.writeText('untouched')).catch(() => {})
  await visit(page, `${path}?tab=terminal`)
  await page.evaluate(() => navigator.clipboard.writeText('untouched'))
  await page.getByRole('button', { name: 'Open the terminal' }).click()
  await page.getByText('In /bin/sh').waitFor()
  const title = await page.title()
  await page.keyboard.type(`printf '${PRINTED}'; echo '${IMG}' after $((1 + 1)) escapes\n`)
  await page.locator('.xterm-rows').getByText('after 2 escapes').waitFor()
  assert.equal(await page.title(), title, 'the title stays')
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'untouched', 'the clipboard stays')
  // A link of the container's making leads nowhere by itself, least of all to a script.
  page.on('dialog', (dialog) => dialog.dismiss())
  const link = page.locator('.xterm-rows').getByText('click').last()
  if (await link.count()) await link.click()
  await unharmed(page, 'the terminal')
})

scene('markup in images, volumes, networks and events is text', async (page) => {
  await lay()
  await visit(page, `${on}/images/${encodeURIComponent(image)}`)
  await page.locator('.history').getByText(IMG).first().waitFor()
  await page.locator('.facts').getByText(IMG).first().waitFor()
  await unharmed(page, 'the image')

  await docker('volume', 'rm', 'ui-hostile').catch(() => {})
  await docker('volume', 'create', '--label', `com.docker.compose.project=${IMG}`, '--label', `${KEY}=x`, 'ui-hostile')
  await visit(page, `${on}/volumes?q=ui-hostile`)
  await row(page, 'ui-hostile').getByText(IMG).waitFor()
  await unharmed(page, 'volumes')
  await docker('volume', 'rm', 'ui-hostile')

  await docker('network', 'rm', 'ui-hostile').catch(() => {})
  await docker('network', 'create', '--internal', '--label', `com.docker.compose.project=${IMG}`, 'ui-hostile')
  await visit(page, `${on}/networks/ui-hostile`)
  await page.getByText(IMG).first().waitFor()
  await unharmed(page, 'the network')
  await docker('network', 'rm', 'ui-hostile')

  await visit(page, `${on}/events`)
  await row(page, name).getByText(IMG).first().waitFor()
  await unharmed(page, 'events')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('hostile')
  await page.getByRole('option', { name }).first().waitFor()
  await unharmed(page, 'the palette')
})

scene('markup in what one writes oneself, and in the audit trail, is text', async (page) => {
  await visit(page, '/')
  const { items } = await api(page, 'GET', '/engines?limit=500')
  if (items.some((engine) => engine.name === 'hostile')) await api(page, 'DELETE', '/engines/hostile')
  page.provoked = [/^50[234] GET /]
  // A user agent, a name that nobody has, a label, an address, a token: all of them are told again later.
  const agent = `${SCRIPT}${IMG}`
  const refused = await fetch(`${base}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: base, 'User-Agent': agent },
    body: JSON.stringify({ username: IMG, password }),
  })
  assert.equal(refused.status, 401)
  const labels = { markup: IMG }
  const made = await page.request.post('/api/v1/engines', { data: { name: 'hostile', url: `unix:///nowhere/${IMG}`, labels }, headers: { Origin: base } })
  await api(page, 'POST', '/tokens', { name: IMG })
  await visit(page, '/audit')
  await page.locator('tbody tr', { hasText: 'Wanted to sign in' }).filter({ hasText: 'Denied' }).first().getByRole('button').click()
  const dialog = page.getByRole('dialog', { name: 'Wanted to sign in' })
  await dialog.getByText(agent, { exact: false }).first().waitFor()
  await unharmed(page, 'the audit record')
  await visit(page, '/tokens')
  await row(page, IMG).waitFor()
  await row(page, IMG).getByRole('button', { name: `Revoke ${IMG}` }).click()
  await page.getByRole('dialog').getByText(IMG).waitFor()
  await unharmed(page, 'tokens')
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await row(page, IMG).waitFor({ state: 'detached' })
  if (made.ok()) {
    await visit(page, '/engines')
    await row(page, 'hostile').getByText(IMG).first().waitFor()
    await unharmed(page, 'engines')
    await visit(page, '/')
    await unharmed(page, 'the overview')
    await api(page, 'DELETE', '/engines/hostile')
  }
})

scene('markup in an address is text', async (page) => {
  page.provoked = [/^4\d\d GET /]
  const query = encodeURIComponent(`${IMG}${SCRIPT}`)
  for (const at of [`/sign-in?next=${query}`, `/sign-in?next=javascript:globalThis.hit=1`, `${on}/containers?q=${query}&state=${query}&label=${query}&sort=${query}`, `/audit?user=${query}&target=${query}&permission=${query}`, `/on/${query}/containers`, `${path}?tab=${query}`, `${on}/containers/${query}`, `/people/${query}`, `/nowhere/${query}`, `/use-docker?engine=${query}`]) {
    await visit(page, at)
    await unharmed(page, at)
  }
})
