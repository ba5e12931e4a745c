import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { agentCommand } from './agent-command.ts'
import { ringCommands } from './ring-commands.ts'
import { simulateCommand } from '../simulate/command.ts'

/** Exit code where what was asked for cannot be done as it was said. */
export const MISUSED = 2

/** The command `libring` with all its subcommands. */
export function createProgram(): Command {
  const version = versionOfPackage()
  const program = new Command('libring')
    .description('Run, watch and repair a ring of partitions.')
    .version(version, '-V, --version', 'print the version and exit')
    .addCommand(agentCommand(version))
    .addCommand(simulateCommand())
  for (const command of ringCommands()) program.addCommand(command)
  for (const command of [program, ...program.commands]) {
    command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : MISUSED))
  }
  return program
}

/** As published: the manifest stands beside `src` and `dist` alike. */
function versionOfPackage(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
