// Every page, wide and narrow, light and dark: drawn without a fault or a jump, sound for axe, and whole by the keyboard.
import { calm, narrow, on, reachable, scene, sound, visit } from './harness.mjs'

const worker = `${on}/containers/worker`
const samples = '/registries/images/repositories/samples%2Fapp'
// A page's address, and what shows that what comes later has come.
const PAGES = {
  overview: ['/', '.hot-list li'],
  engines: ['/engines', 'tbody tr'],
  'engine-add': ['/add/engine', 'form'],
  'engine-declared': [`${on}/edit`, '.code-block'],
  containers: [`${on}/containers`, '.meter'],
  'container-new': [`${on}/containers/new`, '.chips .chip'],
  container: [worker, '.facts'],
  'container-logs': [`${worker}?tab=logs`, '.log-line'],
  'container-usage': [`${worker}?tab=stats`, '.chart canvas'],
  'container-terminal': [`${worker}?tab=terminal`, 'form'],
  'container-processes': [`${worker}?tab=processes`, 'tbody tr'],
  'container-changes': [`${on}/containers/web?tab=changes`, 'tbody tr'],
  'container-inspect': [`${worker}?tab=inspect`, '.tree-line'],
  images: [`${on}/images`, 'tbody tr'],
  image: [`${on}/images/pilothouse%2Fsample%3Alatest`, '.history li'],
  'image-search': ['/search/images', '.empty-state'],
  run: ['/run?image=pilothouse/sample', '.form-actions'],
  volumes: [`${on}/volumes`, 'tbody tr'],
  networks: [`${on}/networks`, 'tbody tr'],
  network: [`${on}/networks/shop_default`, 'tbody tr'],
  events: [`${on}/events`, 'tbody tr'],
  registries: ['/registries', 'tbody tr'],
  'registry-add': ['/add/registry', 'form'],
  'registry-declared': ['/registries/images/edit', '.code-block'],
  registry: ['/registries/images', 'tbody tr'],
  repository: [samples, 'tbody tr'],
  'registry-index': [`${samples}/images/multi`, 'tbody tr'],
  'registry-image': [`${samples}/images/1.0`, '.history li'],
  'registry-compare': [`${samples}/compare?from=1.0&to=1.1`, 'tbody tr'],
  audit: ['/audit', 'tbody tr'],
  guardrails: ['/guardrails', '.empty-state, tbody tr'],
  'guardrail-add': ['/add/guardrail', 'form'],
  'registry-rules': ['/registries/images/rules', 'form'],
  'registry-retention': ['/registries/images/retention', '.code-block'],
  people: ['/people', 'tbody tr'],
  person: ['/people/admin', '.held li'],
  'person-add': ['/add/person', 'form'],
  teams: ['/teams', '.empty-state, tbody tr'],
  'team-add': ['/add/team', 'form'],
  robots: ['/robots', '.empty-state, tbody tr'],
  'robot-add': ['/add/robot', 'form'],
  roles: ['/roles', 'tbody tr'],
  role: ['/roles/operator', '.area'],
  'role-add': ['/add/role', '.area'],
  grants: ['/grants', 'tbody tr'],
  explain: ['/access/explain?user=admin&permission=engine.container.start&scope=engine/demo', '.callout'],
  matrix: ['/access/matrix', '.amount'],
  review: ['/access/review', 'tbody tr'],
  tokens: ['/tokens', '.empty-state, tbody tr'],
  'use-docker': ['/use-docker', 'form'],
  account: ['/account', '.held li'],
  reference: ['/reference', '.opblock-tag'],
}
const DARK = ['color-contrast']

for (const [name, [path, ready]] of Object.entries(PAGES)) {
  scene(name, async (page) => {
    await visit(page, path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.locator(ready).first().waitFor()
    await calm(page, name)
    await sound(page, name)
    await reachable(page, name)
    await page.emulateMedia({ colorScheme: 'dark' })
    await sound(page, `${name}-dark`, DARK)
    await page.setViewportSize(narrow)
    await page.emulateMedia({ colorScheme: 'light' })
    // On a telephone it is loaded there.
    await visit(page, path)
    await page.locator(ready).first().waitFor()
    await calm(page, `${name} at 390 px`)
    await sound(page, name)
    await page.emulateMedia({ colorScheme: 'dark' })
    await sound(page, `${name}-dark`, DARK)
  })
}
