import { availableParallelism } from 'node:os'
import { defineConfig, type TestProjectConfiguration, type ViteUserConfig } from 'vitest/config'

/** What may share the machine with other tests: no processes, no timing, or only in memory. */
const inMemory = ['unit', 'property', 'contract', 'model', 'sim', 'docs']

/** Pure code and pages: a process of its own for each of so many files costs more than the tests. */
const sharesItsProcess = ['unit', 'contract', 'docs']

/** What starts processes, and mostly waits for what they tell each other: a few files at a time. */
const amongProcesses = ['interop', 'e2e']

/** What keeps the whole machine busy, and watches failure detectors at work meanwhile. */
const alone = ['load']

/** One group begins when the one before has ended. */
const groups = [inMemory, amongProcesses, alone]

function project(name: string, groupOrder: number): TestProjectConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      fileParallelism: !alone.includes(name),
      isolate: !sharesItsProcess.includes(name),
      sequence: { groupOrder },
    },
  }
}

const config: ViteUserConfig = defineConfig({
  ssr: { resolve: { conditions: ['libring-source'] } },
  test: {
    // Longer than the longest wait for a condition: that names what did not come, this does not.
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // How long a condition is waited for where a test names no time: on a machine that does much else, too.
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: groups.flatMap((names, order) => names.map((name) => project(name, order))),
  },
})

export default config
