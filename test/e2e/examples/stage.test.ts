import { expect, test } from 'vitest'
import { descendantsOf, isRunning } from '../../support/processes.ts'
import { Program } from '../../support/program.ts'
import { serfMissing } from '../../support/serf-agent.ts'

/** Start an example, end it at `line` by `signal`, and see all of its processes end. */
async function expectCleanEnd(
  name: string,
  line: string | RegExp,
  signal: NodeJS.Signals,
): Promise<unknown> {
  await using example = new Program(`examples/${name}/src/main.ts`)
  await example.expectOutput(line)
  const family = descendantsOf(example.pid)
  expect(family.length).toBeGreaterThan(1)
  example.kill(signal)
  const code = await example.ended()
  await expect.poll(() => family.filter(isRunning), { timeout: 10_000 }).toEqual([])
  return code
}

test('an example that is interrupted ends at once, with all its processes', async () => {
  expect(await expectCleanEnd('queue-consumer', 'Of 32 partitions', 'SIGINT')).toBe(130)
})

test('an example that is killed takes its members with it', async () => {
  expect(await expectCleanEnd('queue-consumer', 'Of 32 partitions', 'SIGKILL')).toBe('SIGKILL')
})

test.skipIf(serfMissing)(
  `an example that is killed takes its serf agents with it ${serfMissing ?? ''}`,
  async () => {
    const line = 'anise, basil and clove run'
    expect(await expectCleanEnd('serf-router', line, 'SIGKILL')).toBe('SIGKILL')
  },
)
