import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { simulateCommand } from '../simulate/command.ts'
import { agentCommand } from './agent-command.ts'
import { keyCommands } from './key-commands.ts'
import { lookCommands } from './look-commands.ts'
import { memberCommands } from './member-commands.ts'
import type { Output } from './output.ts'
import { ringCommands } from './ring-commands.ts'
import { talkCommands } from './talk-commands.ts'

/**
 * The command `libring` with all its subcommands. What commander would end the program for, it
 * throws.
 */
export function createProgram(out: Output = process.stdout): Command {
  const version = versionOfPackage()
  const program = new Command('libring')
    .description('Run, watch and repair a ring of partitions.')
    .version(version, '-V, --version', 'print the version and exit')
  const groups: readonly (readonly [heading: string, commands: readonly Command[]])[] = [
    ['Agents:', [agentCommand(version), simulateCommand(), ...lookCommands(version, out)]],
    ['The ring (HTTP API):', ringCommands(out)],
    ['Members (RPC):', memberCommands(out)],
    ['Talk (RPC):', talkCommands(out)],
    ['Keys (RPC):', keyCommands(out)],
  ]
  for (const [heading, commands] of groups) {
    for (const command of commands) program.addCommand(command.helpGroup(heading))
  }
  for (const command of [program, ...program.commands]) command.exitOverride()
  return program
}

/** As published: the manifest stands beside `src` and `dist` alike. */
function versionOfPackage(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
