import { expect, test } from 'vitest'
import { simulateCommand } from '../../../packages/agent/src/simulate/command.ts'
import type { Simulated } from '../../../packages/agent/src/simulate/simulate.ts'

interface Printed {
  readonly out: string
  readonly progress: string
}

async function run(args: string, isTTY = false): Promise<Printed> {
  const printed = { out: '', progress: '' }
  const command = simulateCommand({
    out: { write: (text: string) => void (printed.out += text) },
    progress: { write: (text: string) => void (printed.progress += text), isTTY },
  })
  await command.parseAsync(args.split(' '), { from: 'user' })
  return printed
}

test('what 20 members do is within what their timers allow, and of one seed the same again', async () => {
  const { out } = await run('--nodes 20 --loss 1 --seed 3 --partitions 128 --json')
  const found = JSON.parse(out) as Simulated
  expect(found.options).toEqual({
    nodes: 20,
    lossPercent: 1,
    latencyMs: 1,
    profile: 'lan',
    seed: 3,
  })

  expect(found.detections).toHaveLength(5)
  for (const { firstMs, allMs } of found.detections) {
    // The shortest suspicion: 4 times log10 of 20, in probe intervals of 1 s.
    expect(firstMs).toBeGreaterThan(4_000)
    // The longest is six times that, and a probe of everybody else comes before it.
    expect(firstMs).toBeLessThan(60_000)
    expect(allMs).toBeGreaterThanOrEqual(firstMs!)
  }
  for (const reach of [found.forming!, found.join, found.tag, found.userEvent]) {
    // Nothing is anywhere sooner than half the latency.
    expect(reach.halfMs).toBeGreaterThanOrEqual(0.5)
    expect(reach.mostMs).toBeGreaterThanOrEqual(reach.halfMs!)
    expect(reach.allMs).toBeGreaterThanOrEqual(reach.mostMs!)
  }
  // A probe a second and its answer, and a few more for what is lost.
  expect(found.rest.packetsPerSecond).toBeGreaterThan(1.9)
  expect(found.rest.packetsPerSecond).toBeLessThan(4)
  expect(found.rest.streamBytesPerSecond).toBeGreaterThan(0)
  expect(found.falsePositives.told).toBe(0)
  expect(found.falsePositives.nodeHours).toBeGreaterThan(1.5)
  expect(found.ring).toMatchObject({ partitions: 128, redundancy: 3, copies: 384 })

  const again = await run('--nodes 20 --loss 1 --seed 3 --partitions 128 --json')
  expect(again.out).toBe(out)
  const other = await run('--nodes 20 --loss 1 --seed 4 --partitions 128 --json')
  expect(other.out).not.toBe(out)
})

test('a table has a row for everything, and a terminal is shown how far it is', async () => {
  const { out, progress } = await run('--nodes 5 --profile local --redundancy 2', true)
  for (const row of [
    '5 members, profile local, 0 % of packets lost, 0.1 ms one way, seed 1',
    'all start at once, and meet',
    'one joins',
    'a tag changes',
    'a user event',
    'the first hears of it',
    'all have heard',
    'packets sent, per second',
    'held for failed while up, per hour',
    '512 partitions, 2 holders each',
    'one leaves',
    'one fails',
  ]) {
    expect(out).toContain(row)
  }
  expect(progress).toContain('failure 1 of 1')
  expect(progress.endsWith('\r\u001B[K')).toBe(true)
  expect((await run('--nodes 2 --profile local')).progress).toBe('')
})

test('above 100 members they know each other from the start, and that is said', async () => {
  const { out } = await run('--nodes 101 --profile local')
  expect(out).not.toContain('all start at once, and meet')
  expect(out).toContain('Members know each other from the start')
})

test('under heavy loss, members that are up are held for failed, and counted', async () => {
  const { out } = await run('--nodes 10 --loss 60 --json')
  const found = JSON.parse(out) as Simulated
  expect(found.falsePositives.told).toBeGreaterThan(0)
  expect(found.falsePositives.perNodeHour).toBeCloseTo(
    found.falsePositives.told / found.falsePositives.nodeHours,
  )
})
