/**
 * The test runner: `npm test`, or `npm test -- --project unit --repeat 3 -t partition`.
 *
 * Makes sure of the system packages the tests need, runs vitest, and closes with what was missing
 * and one line that a program can read: `N passed, N failed, N skipped`. Everything but `--repeat`
 * goes to vitest.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureSystemPackages } from './system-packages.ts'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** The part of vitest's JSON report that is read here. */
interface JsonReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

const root = fileURLToPath(new URL('..', import.meta.url))
const { repeat, passOn } = readArguments(process.argv.slice(2))
const needsSystem =
  !passOn.includes('--project') || passOn.some((arg) => /interop|e2e|load/.test(arg))
const missing = needsSystem ? ensureSystemPackages() : []

const total: Counts = { passed: 0, failed: 0, skipped: 0 }
for (let run = 1; run <= repeat; run++) {
  const startedAtMs = performance.now()
  const counts = runVitest(passOn)
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1)
  if (repeat > 1) console.log(`Run ${run} of ${repeat}: ${countLine(counts)}, in ${seconds} s\n`)
  total.passed += counts.passed
  total.failed += counts.failed
  total.skipped += counts.skipped
}
for (const line of missing) console.log(line)
console.log(countLine(total))
process.exitCode = total.failed > 0 ? 1 : 0

function runVitest(args: readonly string[]): Counts {
  const scratch = mkdtempSync(join(tmpdir(), 'libring-test-'))
  const reportFile = join(scratch, 'report.json')
  try {
    const vitest = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        ...['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
        ...args,
      ],
      { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
    )
    const counts = countResults(reportFile)
    if (vitest.status !== 0 && counts.failed === 0) {
      console.log(`vitest ended with ${vitest.signal ?? vitest.status}, though no test failed`)
      counts.failed = 1
    }
    return counts
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function countResults(reportFile: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const file of readReport(reportFile).testResults) {
    // A file that fails to load has no tests to count, and must not pass for that.
    if (file.status === 'failed' && !file.assertionResults.some(hasFailed)) {
      console.log(`Failed outside its tests: ${file.name}`)
      counts.failed++
    }
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') counts.passed++
      else if (status === 'failed') counts.failed++
      else {
        console.log(`Skipped: ${fullName.trim()}`)
        counts.skipped++
      }
    }
  }
  return counts
}

function hasFailed({ status }: { readonly status: string }): boolean {
  return status === 'failed'
}

function readReport(reportFile: string): JsonReport {
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')) as JsonReport
  } catch {
    // No report: vitest did not get as far, and its exit code tells.
    return { testResults: [] }
  }
}

function countLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

function readArguments(args: readonly string[]): { repeat: number; passOn: readonly string[] } {
  const at = args.indexOf('--repeat')
  if (at < 0) return { repeat: 1, passOn: args }
  const count = Number(args[at + 1])
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new TypeError(`--repeat takes a whole number from 1, got ${args[at + 1]}`)
  }
  return { repeat: count, passOn: [...args.slice(0, at), ...args.slice(at + 2)] }
}
