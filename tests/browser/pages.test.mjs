// Every page, wide and narrow, light and dark: drawn without a fault, and sound.
import { test } from 'node:test'
import { api, narrow, open, signedIn, sound, visit, wide } from './harness.mjs'

const PAGES = {
  overview: '/',
  engines: '/engines',
  'engine-add': '/add/engine',
  containers: '/engines/demo/containers',
  'container-new': '/engines/demo/containers/new',
  images: '/engines/demo/images',
  volumes: '/engines/demo/volumes',
  networks: '/engines/demo/networks',
  events: '/engines/demo/events',
  audit: '/audit',
  people: '/people',
  tokens: '/tokens',
  'use-docker': '/use-docker',
  account: '/account',
}

for (const [name, path] of Object.entries(PAGES)) {
  test(name, async () => {
    const page = await open({ state: await signedIn() })
    await visit(page, path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await sound(page, name)
    await page.setViewportSize(narrow)
    await sound(page, `${name}-390`)
    await page.emulateMedia({ colorScheme: 'dark' })
    await sound(page, `${name}-390-dark`)
    await page.setViewportSize(wide)
    await sound(page, `${name}-dark`)
    await page.context().close()
  })
}

test('one container, tab by tab', async () => {
  const page = await open({ state: await signedIn() })
  const { items } = await api(page, 'GET', '/engines/demo/containers?filter=state:running&limit=1')
  const at = `/engines/demo/containers/${items[0].id}`
  for (const tab of ['', 'logs', 'usage', 'terminal', 'processes', 'changes', 'inspect']) {
    await visit(page, tab ? `${at}?tab=${tab}` : at)
    await page.getByRole('heading', { level: 1 }).waitFor()
    // What is live has to have come.
    await page.waitForTimeout(1500)
    for (const [viewport, suffix] of [[narrow, '-390'], [wide, '']]) {
      await page.setViewportSize(viewport)
      await page.waitForTimeout(100)
      await sound(page, `container-${tab || 'summary'}${suffix}`)
    }
  }
})
