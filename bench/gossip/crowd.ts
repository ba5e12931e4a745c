import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { loopbackAddresses } from '../../test/support/loopback.ts'
import { programFile } from './program.ts'

const run = promisify(execFile)

/** What many nodes in one process cost it while nothing happens. */
export interface CrowdFigures {
  readonly nodes: number
  /** Of one core, over 30 s. */
  readonly cpuShare: number
  /** Bytes that are resident, at the end, without collecting garbage for it. */
  readonly rss: number
  /** Bytes of JavaScript values, such as were not collected yet. */
  readonly heapUsed: number
  /** Whether all held all for alive at the end. */
  readonly isWhole: boolean
}

/** The smaller and the larger crowd, of which the difference tells what a node takes. */
export const CROWDS = [100, 200] as const

/**
 * The same with instances of Go's `serf.Serf` in one process, lan, as they were measured once on a
 * machine of this type; a program in Go is needed to measure them again.
 */
export const GO_CROWDS: readonly Pick<CrowdFigures, 'nodes' | 'cpuShare' | 'rss'>[] = [
  { nodes: 100, cpuShare: 0.034, rss: 99e6 },
  { nodes: 200, cpuShare: 0.097, rss: 266e6 },
]

/** Ours may take this many times the processor time of Go's, and no more memory for a node. */
export const CPU_RATIO_MAX = 2

export async function measureCrowd(nodes: number): Promise<CrowdFigures> {
  const addresses = loopbackAddresses()
  const hosts = Array.from({ length: nodes }, () => addresses.next())
  const { stdout } = await run(process.execPath, [programFile('crowd'), JSON.stringify(hosts)])
  return JSON.parse(stdout) as CrowdFigures
}

/** Bytes that each node adds, by the difference of two crowds. */
export function bytesPerNode(crowds: readonly Pick<CrowdFigures, 'nodes' | 'rss'>[]): number {
  const [few, many] = crowds
  return (many!.rss - few!.rss) / (many!.nodes - few!.nodes)
}
