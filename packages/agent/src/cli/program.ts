import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { simulateCommand } from '../simulate/command.ts'

/** The command `libring` with all its subcommands. */
export function createProgram(): Command {
  return new Command('libring')
    .description('Run, watch and repair a ring of partitions.')
    .version(versionOfPackage(), '-V, --version', 'print the version and exit')
    .addCommand(simulateCommand())
}

/** As published: the manifest stands beside `src` and `dist` alike. */
function versionOfPackage(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
