import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('where there is no serf, npm test says so first and last, and what it skipped', () => {
  const folder = temporaryFolder()
  symlinkSync(process.execPath, join(folder, 'node'))
  const { stdout, status } = spawnSync(
    process.execPath,
    [
      ...['--import', 'tsx', 'scripts/test.ts'],
      ...['--project', 'interop', 'test/interop/coordinates.test.ts'],
    ],
    { cwd: root, encoding: 'utf8', env: { PATH: folder, LIBRING_TEST_INSTALL: 'never' } },
  )
  const lines = stdout.trimEnd().split('\n')
  const told = 'Not installed: serf. Skipping the interoperability tests'
  const first = lines.findIndex((line) => line.startsWith(told))
  const last = lines.findLastIndex((line) => line.startsWith(told))
  const skipped = lines.findIndex((line) => /^Skipped: coordinates .*\(no `serf`/.test(line))
  expect(first).toBeGreaterThanOrEqual(0)
  expect(skipped).toBeGreaterThan(first)
  expect(last).toBeGreaterThan(skipped)
  expect(lines[last + 1]).toContain('apt-get install --no-install-recommends serf')
  expect([lines.at(-1), status]).toEqual(['0 passed, 0 failed, 3 skipped', 0])
})
