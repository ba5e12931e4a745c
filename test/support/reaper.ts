import { spawn, type ChildProcess } from 'node:child_process'

/**
 * Sees to it that no process of a test outlives it, however the test ends.
 *
 * A shell waits on a pipe for the end of this process, killed or not, and then kills every pid
 * it was told of and not told to drop. A child that ends by itself is dropped at once, so that a
 * pid given to somebody else is never hit.
 */
const WATCH = `
while read -r what pid; do
  case $what in
    add) pids="$pids $pid " ;;
    drop) pids=$(printf '%s' "$pids" | sed "s/ $pid / /") ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
`

let watchdog: ChildProcess | undefined

/** Kill `child` when this process ends, unless it has ended before. */
export function reapWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return
  const { pid } = child
  tell(`add ${pid}`)
  child.once('exit', () => tell(`drop ${pid}`))
}

function tell(line: string): void {
  if (watchdog === undefined) {
    watchdog = spawn('sh', ['-c', WATCH], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    watchdog.unref()
    const pipe = watchdog.stdin as unknown as { unref?(): void }
    pipe.unref?.()
  }
  watchdog.stdin?.write(`${line}\n`)
}
