// The first page, and getting about: the palette, the keys, the switcher, the theme, the drawer.
import assert from 'node:assert/strict'
import { api, docker, isNarrow, menu, narrow, on, reachable, scene, scenes, settled, sound, until, visit } from './harness.mjs'

scenes('the overview tells how many there are, what runs hot and what was changed', async (page, own) => {
  const volume = own('overview-volume')
  await api(page, 'POST', '/engines/demo/volumes', { name: volume })
  let version
  const tile = (name) => page.locator('.tile', { hasText: name }).locator('dd')
  // Engines are asked every few seconds.
  await until('the tiles agree with the API', async () => {
    await visit(page, '/')
    const texts = await Promise.all(['Running containers', 'Stopped containers', 'Images'].map((name) => tile(name).innerText()))
    const { info } = (await api(page, 'GET', '/overview')).engines.find(({ name }) => name === 'demo')
    version = info.version
    return texts.map((text) => parseInt(text)).join() === [info.running, info.stopped, info.images].join()
  })
  await page.getByRole('region', { name: 'Engines' }).getByText(`Docker ${version}`).waitFor()
  const change = page.locator('.change-list li', { hasText: volume })
  await change.getByText('created volume').waitFor()
  await change.getByText('Done').waitFor()
  await page.locator('.hot-list').getByRole('link').first().click()
  await page.waitForURL('**/on/demo/containers/*')
  await page.getByRole('navigation', { name: 'Container' }).waitFor()
  await docker('volume', 'rm', volume)
})

scenes('the palette goes anywhere by the keyboard', async (page) => {
  await visit(page, '/audit')
  await page.keyboard.press('Control+k')
  const dialog = page.getByRole('dialog', { name: 'Go to or do' })
  await dialog.getByRole('option', { name: 'People' }).waitFor()
  await sound(page, 'palette')
  await page.keyboard.type('mailer')
  // Containers are looked for on the engines.
  await dialog.getByRole('option', { name: 'mailer' }).first().waitFor()
  await sound(page, 'palette-found')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/on/demo/containers/*')
  await page.getByRole('heading', { level: 1, name: 'mailer' }).waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('no such thing at all')
  await dialog.getByText('Nothing goes by that name.').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  // What a page can do is there while it is shown.
  await page.goto(`${on}/containers`)
  await page.waitForSelector('html[data-hydrated]')
  await page.keyboard.press('Control+k')
  await page.keyboard.type('new container')
  await dialog.getByRole('option', { name: 'New container' }).waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(`**${on}/containers/new`)
})

scenes('keys lead to the pages, and a page tells them', async (page) => {
  await visit(page, `${on}/containers`)
  for (const [keys, path] of [['gi', 'images'], ['gv', 'volumes'], ['gn', 'networks'], ['gl', 'events'], ['gc', 'containers']]) {
    await page.keyboard.type(keys)
    await page.waitForURL(`**${on}/${path}`)
  }
  for (const [keys, path] of [['ga', '/audit'], ['gp', '/people'], ['gt', '/tokens'], ['ge', '/engines'], ['go', '/']]) {
    await page.keyboard.type(keys)
    await page.waitForURL(`**${path}`)
  }
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await help.getByText('Search on this page').waitFor()
  await sound(page, 'keys')
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'hidden' })
})

scenes('pages are drawn by the browser as the server draws them', async (page) => {
  await visit(page, '/')
  const link = (name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true })
  await page.getByRole('link', { name: 'demo' }).first().click()
  for (const name of ['Images', 'Volumes', 'Networks', 'Events', 'Containers', 'Audit', 'Access', 'Tokens', 'Use docker here', 'API', 'Engines']) {
    const nav = await menu(page)
    await link(name).click()
    // Where it lies over the page it goes with the choice.
    if (isNarrow(page)) await nav.waitFor({ state: 'hidden' })
    await page.getByRole('heading', { level: 1, name: name === 'Access' ? 'People' : name, exact: true }).waitFor()
    await settled(page)
    await menu(page)
    assert.equal(await link(name).getAttribute('aria-current'), 'page')
  }
  await page.goBack()
  await page.waitForURL('**/reference')
})

scenes('the switcher leads to the same part of another engine', async (page) => {
  await visit(page, `${on}/images`)
  const nav = await menu(page)
  await nav.getByRole('button', { name: 'demo' }).click()
  const item = page.getByRole('menuitem', { name: 'demo' })
  await item.waitFor()
  assert.equal(await item.getAttribute('href'), `${on}/images`)
  await sound(page, 'switcher')
  await page.keyboard.press('Escape')
  await item.waitFor({ state: 'hidden' })
})

scenes('the theme is chosen and kept', async (page) => {
  await visit(page, '/account')
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await ground()
  await page.getByRole('radio', { name: /^Dark/ }).check()
  await until('it is dark', async () => (await ground()) !== light)
  const dark = await ground()
  await visit(page, '/')
  assert.equal(await ground(), dark, 'the next page is dark too')
  await menu(page)
  await page.getByRole('button', { name: 'Theme: dark' }).click()
  await until('it follows the system again', async () => (await ground()) === light)
})

scene('on a telephone the menu comes and goes', { viewport: narrow }, async (page) => {
  await visit(page, `${on}/containers`)
  const menu = page.getByRole('navigation', { name: 'Main' })
  assert.equal(await menu.isVisible(), false)
  await page.getByRole('button', { name: 'Menu', exact: true }).click()
  await menu.waitFor()
  await sound(page, 'drawer')
  await reachable(page, 'drawer at 390 px')
  await menu.getByRole('link', { name: 'Volumes' }).click()
  await page.waitForURL(`**${on}/volumes`)
  await menu.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Menu', exact: true }).click()
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await page.getByRole('dialog').waitFor()
  await sound(page, 'palette-drawer')
})

scenes('a page whose part cannot be loaded says so, and comes at the second try', async (page) => {
  let down = true
  await page.route('**/split_house*', (route) => (down ? route.abort() : route.continue()))
  await visit(page, '/')
  await (await menu(page)).getByRole('link', { name: 'Audit' }).click()
  await page.getByText('This page could not be loaded.').waitFor()
  // The loader notes each of its tries.
  const others = page.faults.filter((fault) => !fault.includes('Failed to fetch'))
  assert.deepEqual(others, [])
  page.faults.length = 0
  await sound(page, 'part-missing')
  down = false
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('heading', { level: 1, name: 'Audit' }).waitFor()
})
