import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Run this very command once more in a network namespace of its own, with a loopback and nothing
 * else, unless it runs in one already. Whatever is counted there is of members alone, and it goes
 * with the last process in it.
 *
 * @returns whether it was run, and is over: `process.exitCode` is what it ended with.
 * @throws where no namespace can be made.
 */
export function runApart(): boolean {
  if (isApart()) return false
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user']
  const script = 'ip link set lo up && exec "$@"'
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const { status, error } = spawnSync(
    'unshare',
    ['--net', ...asRoot, 'sh', '-c', script, 'sh', ...command],
    { stdio: 'inherit' },
  )
  if (error !== undefined) throw error
  process.exitCode = status ?? 1
  return true
}

/** Whether there is a loopback and nothing else. */
function isApart(): boolean {
  const devices = readFileSync('/proc/net/dev', 'utf8').trim().split('\n').slice(2)
  return devices.length === 1 && devices[0]!.trimStart().startsWith('lo:')
}
