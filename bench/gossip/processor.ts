import { readdirSync, readFileSync } from 'node:fs'

/** Processor time that all threads of a process have had so far, in milliseconds; Linux only. */
export function processorMs(pid: number): number {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).reduce((sum, task) => {
    const [ranNs] = readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')
    return sum + Number(ranNs) / 1e6
  }, 0)
}
