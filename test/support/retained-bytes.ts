import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of the heap that what `make` gives takes as long as somebody has it. */
export function retainedBytes(make: () => unknown): number {
  collect()
  const before = process.memoryUsage().heapUsed
  const made = make()
  collect()
  const after = process.memoryUsage().heapUsed
  // Used once more, so that it is still there until now.
  return made === undefined ? 0 : after - before
}
