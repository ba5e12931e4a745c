import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectExample } from '../../support/example.ts'
import { Program } from '../../support/program.ts'
import { serfMissing } from '../../support/serf-agent.ts'

test.skipIf(serfMissing)(
  `two routers agree on which plain agent a path belongs to ${serfMissing ?? ''}`,
  async () => {
    await expectExample('serf-router', [
      /Both routers send each of 60 paths to one and the same server/,
      /When dill came, \d+ paths moved there, and none between the others/,
      /When basil was killed, its \d+ paths went to others, and no other path moved/,
      /The request for a server that had just died was answered by its heir/,
    ])
  },
)

test('without serf it says what is missing, and fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'libring-path-'))
  try {
    symlinkSync(process.execPath, join(folder, 'node'))
    const env = { ...process.env, PATH: folder }
    await using example = new Program('examples/serf-router/src/main.ts', [], env)
    expect(await example.ended()).toBe(1)
    expect(example.output).toContain('needs HashiCorp’s `serf` on the PATH')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
