import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program of the operating system that some tests run against. */
interface SystemPackage {
  readonly command: string
  /** Its Debian package. */
  readonly debianPackage: string
  /** Which tests need it, as told when it is missing. */
  readonly neededBy: string
}

const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  {
    command: 'serf',
    debianPackage: 'serf',
    neededBy: 'the interoperability tests and the demo beside a serf agent',
  },
  {
    command: 'tc',
    debianPackage: 'iproute2',
    neededBy: 'the interoperability tests under packet loss',
  },
  {
    command: 'chromium',
    debianPackage: 'chromium',
    neededBy: 'the test of libring/ring in a browser',
  },
  {
    command: 'initdb',
    debianPackage: 'postgresql',
    neededBy: 'the test of fencing tokens in Postgres',
  },
  {
    command: 'redis-server',
    debianPackage: 'redis-server',
    neededBy: 'the test of fencing tokens in Redis',
  },
  {
    command: 'promtool',
    debianPackage: 'prometheus',
    neededBy: 'the tests of metrics and alerts by the rules of Prometheus',
  },
]

/** What a bench compares with. */
export const BENCH_PACKAGES: readonly SystemPackage[] = [
  { command: 'nginx', debianPackage: 'nginx-light', neededBy: 'the comparison with nginx' },
]

/** Debian keeps the programs of each version of Postgres in a folder of its own. */
const POSTGRES_FOLDER = '/usr/lib/postgresql'

/**
 * Install what the tests need from the system, or `packages`, where that can be done without asking: on Debian
 * or its kin, as root. Otherwise say what is missing and which tests will be skipped for it.
 *
 * @returns what was said of what is missing, line by line, for whoever wants to say it once more.
 */
export function ensureSystemPackages(
  packages: readonly SystemPackage[] = SYSTEM_PACKAGES,
): readonly string[] {
  const missing = absent(packages)
  if (missing.length === 0) return []
  const names = missing.map(({ debianPackage }) => debianPackage)
  if (mayInstall()) {
    console.log(`Installing what is needed from the system: ${names.join(', ')}`)
    aptInstall(names)
  }
  const words = absent(packages).flatMap(({ command, debianPackage, neededBy }) => [
    `Not installed: ${command}. Skipping ${neededBy}.`,
    `  To run them: apt-get install --no-install-recommends ${debianPackage}`,
  ])
  for (const line of words) console.log(line)
  return words
}

function absent(packages: readonly SystemPackage[]): SystemPackage[] {
  return packages.filter(({ command }) => !isOnPath(command))
}

function mayInstall(): boolean {
  if (process.env['LIBRING_TEST_INSTALL'] === 'never') return false
  return process.getuid?.() === 0 && isOnPath('apt-get')
}

function aptInstall(names: readonly string[]): void {
  const steps = [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...names],
  ]
  for (const step of steps) {
    const run = spawnSync('apt-get', step, {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (run.status === 0) continue
    console.log(`apt-get ${step[0]} failed:\n${lastLines(run.stderr || run.stdout, 10)}`)
  }
}

function isOnPath(command: string): boolean {
  const versions = existsSync(POSTGRES_FOLDER) ? readdirSync(POSTGRES_FOLDER) : []
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(POSTGRES_FOLDER, version, 'bin')),
  ]
  return folders.some((folder) => isExecutable(join(folder, command)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}
