// The audit trail: proved, and exported.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { scenes, search, sound, visit } from './harness.mjs'

scenes('the trail says whether it is whole, and goes out as a file', async (page) => {
  await visit(page, '/audit')
  await page.locator('.proof-line').click()
  const dialog = page.getByRole('dialog', { name: 'How the trail is proved' })
  await dialog.getByText('Signed by the key').waitFor()
  await dialog.getByRole('button', { name: 'Verify now' }).click()
  await dialog.getByText('All of it is what was written').waitFor()
  await sound(page, 'audit-proof')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: /The trail is whole/ }).waitFor()

  await search(page, 'operation:SignIn')
  await page.getByRole('button', { name: 'Export', exact: true }).click()
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: /as a table/ }).click()])
  assert.equal(file.suggestedFilename(), 'audit.csv')
  const lines = readFileSync(await file.path(), 'utf8').trim().split('\n')
  assert.ok(lines.length > 1 && lines.slice(1).every((line) => line.includes('SignIn')), lines[1])
})
