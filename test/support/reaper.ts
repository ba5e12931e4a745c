import { spawn, spawnSync, type ChildProcess } from 'node:child_process'

/**
 * Sees to it that no process and no network namespace of a test outlives it, however the test ends.
 *
 * A shell waits on a pipe for the end of this process, killed or not, and then kills every pid
 * it was told of and not told to drop. A child that ends by itself is dropped at once, so that a
 * pid given to somebody else is never hit. Then it deletes namespaces, in the same way.
 */
const WATCH = `
while read -r what which; do
  case $what in
    add) pids="$pids $which " ;;
    drop) pids=$(printf '%s' "$pids" | sed "s/ $which / /") ;;
    add-namespace) namespaces="$namespaces $which " ;;
    drop-namespace) namespaces=$(printf '%s' "$namespaces" | sed "s/ $which / /") ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
for namespace in $namespaces; do ip netns delete "$namespace"; done
`

let watchdog: ChildProcess | undefined

/** Kill `child` when this process ends, unless it has ended before. */
export function reapWithUs(child: ChildProcess): void {
  if (child.pid === undefined) return
  const { pid } = child
  tell(`add ${pid}`)
  child.once('exit', () => tell(`drop ${pid}`))
}

/** Delete a network namespace when this process ends, unless that was done. Returns how to do it. */
export function deleteWithUs(namespace: string): () => void {
  tell(`add-namespace ${namespace}`)
  return () => {
    const { status, stderr } = spawnSync('ip', ['netns', 'delete', namespace], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`ip netns delete ${namespace}: ${stderr}`)
    tell(`drop-namespace ${namespace}`)
  }
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
