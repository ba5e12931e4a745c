import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { descendantsOf, isRunning } from '../support/processes.ts'
import { reapWithUs } from '../support/reaper.ts'
import { serfMissing } from '../support/serf-agent.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const scratch: string[] = []

afterEach(() => {
  for (const folder of scratch.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A run of the demo, with what it printed so far. */
class Demo {
  readonly child: ChildProcess
  output = ''
  /** Every process that was ever seen below it. */
  readonly family = new Set<number>()

  constructor(args: readonly string[], path: string | undefined) {
    this.child = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions=libring-source', 'examples/demo/src/main.ts', ...args],
      {
        cwd: root,
        env: { ...process.env, PATH: path ?? process.env['PATH'] },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    reapWithUs(this.child)
    const keep = (chunk: Buffer): void => {
      this.output += chunk.toString()
      this.look()
    }
    this.child.stdout?.on('data', keep)
    this.child.stderr?.on('data', keep)
  }

  look(): void {
    for (const pid of descendantsOf(this.child.pid!)) this.family.add(pid)
  }

  async ended(): Promise<unknown> {
    const { exitCode, signalCode } = this.child
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode
    const [code, signal] = (await once(this.child, 'close')) as [number | null, string | null]
    return code ?? signal
  }

  async reaches(text: string): Promise<void> {
    await expect.poll(() => this.output, { timeout: 60_000 }).toContain(text)
    this.look()
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
    /✓ Its \d+ partitions have new owners, [\d.]+ s after its farewell/,
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
    const demo = new Demo([], pathWithoutSerf())
    await expectWholeStory(demo)
    expect(demo.family.size).toBeGreaterThanOrEqual(4)
    expect(demo.output).toContain('No `serf` on the PATH')
  })

  test.skipIf(serfMissing)(
    `tells its whole story beside a serf agent ${serfMissing ?? ''}`,
    async () => {
      const demo = new Demo([], undefined)
      await expectWholeStory(demo)
      expect(demo.output).toMatch(/A plain serf agent runs on 127/)
      expect(demo.output).toMatch(/serf-agent +127\.\S+ +alive/)
      expect(demo.output).toMatch(/anise +127\.\S+ +left/)
      expect(demo.output).toMatch(/basil +127\.\S+ +failed/)
    },
  )

  test('ends at once when interrupted, with all its processes', async () => {
    const demo = new Demo([], undefined)
    await demo.reaches('Every partition has one owner')
    demo.child.kill('SIGINT')
    expect(await demo.ended()).toBe(130)
    await expect.poll(() => demo.leftOver()).toEqual([])
  })

  test('takes all its processes with it when it is killed', async () => {
    const demo = new Demo([], undefined)
    await demo.reaches('Every partition has one owner')
    demo.child.kill('SIGKILL')
    await demo.ended()
    await expect.poll(() => demo.leftOver(), { timeout: 5_000 }).toEqual([])
  })

  test('stays for as long as it is asked to', async () => {
    const demo = new Demo(['--keep'], undefined)
    await demo.reaches('Yours to play with, until Ctrl-C')
    const url = /curl (\S+)/.exec(demo.output)?.[1]
    const answer = (await (await fetch(url!)).json()) as { servedBy: string }
    expect(answer.servedBy).toMatch(/^(anise|clove|dill)$/)
    demo.child.kill('SIGINT')
    expect(await demo.ended()).toBe(0)
    await expect.poll(() => demo.leftOver()).toEqual([])
  })
})
