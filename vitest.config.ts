import { availableParallelism } from 'node:os'
import { defineConfig, type TestProjectConfiguration, type ViteUserConfig } from 'vitest/config'

/** What may share the machine with other tests: no processes, no timing, or only in memory. */
const besideEachOther = ['unit', 'property', 'contract', 'model', 'sim', 'docs']

/** Pure code and pages: a process of its own for each of so many files costs more than the tests. */
const sharesItsProcess = ['unit', 'contract', 'docs']

/** What starts processes and watches failure detectors at work, which a busy machine misleads. */
const oneAtATime = ['interop', 'e2e']

function project(name: string, groupOrder: number): TestProjectConfiguration {
  return {
    extends: true,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      fileParallelism: groupOrder === 0,
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
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      ...besideEachOther.map((name) => project(name, 0)),
      ...oneAtATime.map((name, index) => project(name, index + 1)),
    ],
  },
})

export default config
