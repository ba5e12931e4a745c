import { Command, Option } from 'commander'
import { decimal, NODES_MAX, optionsOf, PROFILES, whole, type SimulateFlags } from './options.ts'
import { reportOf } from './report.ts'
import { simulate, type Progress } from './simulate.ts'

/** What a command prints to. */
export interface Streams {
  readonly out: { write(text: string): unknown }
  /** Progress is shown on it where it is a terminal. */
  readonly progress: { write(text: string): unknown; readonly isTTY?: boolean | undefined }
}

/** `libring simulate`: what a cluster of some size would do, before there is one. */
export function simulateCommand(
  streams: Streams = { out: process.stdout, progress: process.stderr },
): Command {
  return new Command('simulate')
    .description('show how soon a cluster of your size hears news and failures, and what it sends')
    .requiredOption('--nodes <count>', `members, 2 to ${NODES_MAX}`, whole(2, NODES_MAX))
    .option('--loss <percent>', 'of all packets, 0 to 90', decimal(0, 90), 0)
    .option(
      '--latency <ms>',
      'one way, in the mean (default: 1 in lan, 40 in wan, 0.1 in local)',
      decimal(0, 5_000),
    )
    .addOption(new Option('--profile <name>', 'timings').choices(PROFILES).default('lan'))
    .option('--seed <number>', 'another run', whole(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--partitions <count>', 'of a ring whose moves to show', whole(1, 65_536))
    .option('--redundancy <count>', 'members that hold each partition', whole(1, 16))
    .option('--json', 'print JSON')
    .action((flags: SimulateFlags) => {
      const progress = progressOn(streams.progress)
      const found = simulate(optionsOf(flags), progress.show)
      progress.clear()
      const isJson = flags.json === true
      streams.out.write(isJson ? `${JSON.stringify(found, null, 2)}\n` : reportOf(found))
    })
}

/** One line that is written over and over, on a terminal. */
function progressOn(stream: Streams['progress']): {
  readonly show: Progress
  readonly clear: () => void
} {
  const write = (text: string): void => {
    if (stream.isTTY === true) stream.write(`\r\x1b[K${text}`)
  }
  return {
    show: (doing, atMs) => write(`${(atMs / 1_000).toFixed(0)} s simulated: ${doing}`),
    clear: () => write(''),
  }
}
