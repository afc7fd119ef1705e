// Recordings: a session that is watched and ended, played afterwards, searched and linked to; the list and the rules.
import assert from 'node:assert/strict'
import { answer, api, discard, make, open, row, scenes, sound, told, until, visit } from './harness.mjs'

const page_of = (name) => `/on/demo/containers/${name}?tab=terminal`

/** A terminal of another page, in which something was shown. */
async function session(page, name) {
  const other = await open({ viewport: page.viewportSize() })
  await visit(other, page_of(name))
  await other.getByRole('button', { name: 'Open the terminal' }).click()
  const screen = other.locator('.terminal-screen .xterm-rows')
  await screen.getByText(/#/).first().waitFor()
  await other.getByText('This session is recorded: what is shown here, not what is typed.').waitFor()
  await other.locator('.terminal-screen').click()
  await other.keyboard.type('echo needle-$((6*7))\n')
  await screen.getByText('needle-42').first().waitFor()
  return other
}

async function recording(page, name, running) {
  return until(`a recording of ${name}`, async () => {
    const { items } = await api(page, 'GET', `/recordings?container=${name}`)
    return items.find((item) => item.running === running)
  })
}

scenes('a session is watched, ended, played, searched and linked to', async (page, own) => {
  const name = own('ui-recorded')
  await make(name)
  const other = await session(page, name)
  await visit(page, '/recordings?running=yes')
  await row(page, name).getByText('running').waitFor()
  await sound(page, 'recordings-running')
  await row(page, name).getByRole('link', { name }).click()
  await page.getByText('watching live').waitFor()
  const screen = page.locator('.recording-screen .xterm-rows')
  await screen.getByText('needle-42').first().waitFor()
  await other.keyboard.type('echo later-$((40+3))\n')
  await screen.getByText('later-43').first().waitFor({ timeout: 5_000 })
  await page.getByText('The session goes on', { exact: true }).waitFor()
  await sound(page, 'recording-live')
  await page.getByRole('button', { name: 'End session' }).click()
  assert.match(await answer(page, 'End the session'), /cut/)
  await told(page, 'The session is ended.')
  await other.getByText('Ended by admin.').first().waitFor({ timeout: 5_000 })
  await other.context().close()
  // It is read again by itself.
  await page.getByText('The session goes on', { exact: true }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Play it' }).click()
  await page.getByText('It is what was recorded', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await screen.getByText('later-43').first().waitFor()
  await page.getByRole('searchbox', { name: 'Search in what was shown' }).fill('NEEDLE-42')
  await page.getByText('Shown once.').waitFor()
  await sound(page, 'recording-played')
  await page.locator('.moment').first().click()
  await screen.getByText('needle-42').first().waitFor()
  await until('what came later is not shown', async () => (await screen.getByText('later-43').count()) === 0)
  await page.getByRole('button', { name: 'Copy the link to this moment' }).click()
  await told(page, /^The link to/)
  const link = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(link, /\/recordings\/\d+\?t=\d+\.\d\d$/)
  const { id } = await recording(page, name, false)
  await visit(page, `/recordings/${id}?t=0.0`)
  const clock = page.locator('.player-clock')
  await until('the recording is there', async () => /of \d+:\d*[1-9]/.test(await clock.innerText()))
  await until('the first moment is shown', async () => (await screen.getByText('needle-42').count()) === 0)
  await page.getByRole('slider', { name: 'Moment' }).fill('9999')
  await screen.getByText('later-43').first().waitFor()
  await page.getByLabel('Speed').selectOption('4')
  await visit(page, link.replace(page.home, ''))
  await screen.getByText('needle-4').first().waitFor()
  await discard(name)
})

scenes('the list of recordings is full, empty, and not for everybody', async (page, own) => {
  await visit(page, '/recordings')
  await page.locator('tbody tr').first().waitFor()
  await sound(page, 'recordings')
  await page.getByRole('searchbox', { name: 'Search containers' }).fill('no-such-container')
  await page.getByRole('heading', { name: 'No recording fits' }).waitFor()
  await sound(page, 'recordings-none')
  page.provoked = [/^404 GET \/api\/v1\/recordings\/7$/]
  await visit(page, '/recordings/7')
  await page.getByText('There is no such recording.').waitFor()
  const other = await open({ viewport: page.viewportSize(), as: 'viewer' })
  other.provoked = [/^403 GET \/api\/v1\/recordings/]
  await visit(other, '/recordings')
  await other.getByText(/system\.recording\.list/).first().waitFor()
  await other.context().close()
})

scenes('a rule is made, changed and removed', async (page, own) => {
  const scope = `engine/demo/project/${own('ui-rule')}`
  const { items } = await api(page, 'GET', '/recording-rules?limit=500')
  for (const { id } of items) await api(page, 'DELETE', `/recording-rules/${id}`)
  await visit(page, '/recording-rules')
  await page.getByRole('heading', { name: 'No rules' }).waitFor()
  await page.getByRole('textbox', { name: 'Where' }).fill('nowhere')
  page.provoked = [/^400 POST \/api\/v1\/recording-rules$/]
  await page.getByRole('button', { name: 'Make the rule' }).click()
  await page.locator('.field-error').first().waitFor()
  await page.getByRole('textbox', { name: 'Where' }).fill(scope)
  await page.getByLabel('No session without a recording').check()
  await sound(page, 'recording-rules-none')
  await page.getByRole('button', { name: 'Make the rule' }).click()
  await told(page, `The rule for ${scope} is in force.`)
  await row(page, scope).getByText('no session').waitFor()
  await row(page, scope).getByRole('button', { name: `Change the rule for ${scope}` }).click()
  await page.getByRole('radio', { name: /^Never/ }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await row(page, scope).getByText('never').waitFor()
  await sound(page, 'recording-rules')
  await row(page, scope).getByRole('button', { name: `Remove the rule for ${scope}` }).click()
  await answer(page, 'Remove')
  await told(page, `The rule for ${scope} is removed.`)
  await page.getByRole('heading', { name: 'No rules' }).waitFor()
})
