import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { descendantsOf, isRunning } from '../support/processes.ts'
import { Program } from '../support/program.ts'
import { serfMissing } from '../support/serf-agent.ts'

const scratch: string[] = []

afterEach(() => {
  for (const folder of scratch.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A run of the demo. */
class Demo extends Program {
  /** Every process that was ever seen below it. */
  readonly family = new Set<number>()

  constructor(args: readonly string[] = [], path = process.env['PATH']) {
    super('examples/demo/src/main.ts', args, { ...process.env, CI: 'true', PATH: path })
    this.onOutput(() => {
      for (const pid of descendantsOf(this.pid)) this.family.add(pid)
    })
  }

  /** Those of its processes that still run. */
  leftOver(): number[] {
    return [...this.family].filter(isRunning)
  }
}

/** A PATH on which there is Node and nothing else. */
function pathWithoutSerf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'libring-path-'))
  scratch.push(folder)
  symlinkSync(process.execPath, join(folder, 'node'))
  return folder
}

async function expectWholeStory(demo: Demo): Promise<void> {
  const code = await demo.ended()
  expect(code, demo.output).toBe(0)
  for (const sentence of [
    /3 members find each other and share 512 partitions/,
    /✓ Every partition has one owner; anise \d+, basil \d+, clove \d+\./,
    /✓ 18 requests: each key was answered by one and the same member/,
    /anise took over \d+ of its partitions: [\d, -]+/,
    /✓ \d+ partitions have a new owner; \/carts\/\d+ was answered by (anise|clove) [\d.]+ s after/,
    /✓ \d+ of 512 partitions changed their owner \([\d.]+ %\); a fair share for dill is 171/,
    /✓ Its \d+ partitions have new owners; it let each go when it was asked for/,
    /anise +left +0 +0\n/,
    /basil +killed +0 +0\n/,
  ]) {
    expect(demo.output).toMatch(sentence)
  }
  expect(demo.output, 'no colours where there is no terminal').not.toContain('\u001B')
  await expect.poll(() => demo.leftOver()).toEqual([])
}

describe('the demo', () => {
  test('tells its whole story without serf, and leaves no process behind', async () => {
    await using demo = new Demo([], pathWithoutSerf())
    await expectWholeStory(demo)
    expect(demo.family.size).toBeGreaterThanOrEqual(4)
    expect(demo.output).toContain('No `serf` on the PATH')
  })

  test.skipIf(serfMissing)(
    `tells its whole story beside a serf agent ${serfMissing ?? ''}`,
    async () => {
      await using demo = new Demo()
      await expectWholeStory(demo)
      expect(demo.output).toMatch(/A plain serf agent runs on 127/)
      expect(demo.output).toMatch(/serf-agent +127\.\S+ +alive/)
      expect(demo.output).toMatch(/anise +127\.\S+ +left/)
      expect(demo.output).toMatch(/basil +127\.\S+ +failed/)
    },
  )

  test('ends at once when interrupted, with all its processes', async () => {
    await using demo = new Demo()
    await demo.expectOutput('Every partition has one owner')
    demo.kill('SIGINT')
    expect(await demo.ended()).toBe(130)
    await expect.poll(() => demo.leftOver()).toEqual([])
  })

  test('takes all its processes with it when it is killed', async () => {
    await using demo = new Demo()
    await demo.expectOutput('Every partition has one owner')
    demo.kill('SIGKILL')
    await demo.ended()
    await expect.poll(() => demo.leftOver(), { timeout: 5_000 }).toEqual([])
  })

  test('stays for as long as it is asked to', async () => {
    await using demo = new Demo(['--keep'])
    await demo.expectOutput('Yours to play with, until Ctrl-C')
    const url = /curl (\S+)/.exec(demo.output)?.[1]
    const answer = (await (await fetch(url!)).json()) as { servedBy: string }
    expect(answer.servedBy).toMatch(/^(anise|clove|dill)$/)
    demo.kill('SIGINT')
    expect(await demo.ended()).toBe(0)
    await expect.poll(() => demo.leftOver()).toEqual([])
  })
})
