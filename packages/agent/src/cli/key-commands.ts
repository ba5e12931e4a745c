import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { RpcError, type RpcClient, type RpcKeyReport } from 'libring/serf'
import { ConfigError } from '../config/config-error.ts'
import { CommandError } from './command-error.ts'
import { printable, printJson, tableOf, type Output } from './output.ts'
import { showingCommand, withAgent, wantsJson, type RpcFlags } from './rpc-command.ts'

/** As long as `serf keygen` makes them: AES-256. */
const KEY_BYTES = 32

interface KeysFlags extends RpcFlags {
  readonly install?: string
  readonly use?: string
  readonly remove?: string
  readonly list?: true
}

/** Commands on the keys that a cluster encrypts with. */
export function keyCommands(out: Output): Command[] {
  return [
    new Command('keygen')
      .description('make a key to encrypt with, in Base64')
      .action(() => void out.write(`${randomBytes(KEY_BYTES).toString('base64')}\n`)),
    showingCommand('keys', 'change or list the keys of all members')
      .option('--install <key>', 'have all members keep one more key')
      .option('--use <key>', 'have all members encrypt with a key that all have')
      .option('--remove <key>', 'have all members forget a key')
      .option('--list', 'show which keys the members have')
      .action(async (flags: KeysFlags) => {
        const asked = operationOf(flags)
        const report = await withAgent(flags, async (agent) => {
          return await asked(agent).catch((error: unknown) => throwTold(error, flags, out))
        })
        show(report, flags, out)
      }),
  ]
}

/** @throws {ConfigError} unless just one thing is asked for. */
function operationOf(flags: KeysFlags): (agent: RpcClient) => Promise<RpcKeyReport> {
  const { install, use, remove, list } = flags
  const asked = [
    ...(install === undefined ? [] : [(agent: RpcClient) => agent.installKey(install)]),
    ...(use === undefined ? [] : [(agent: RpcClient) => agent.useKey(use)]),
    ...(remove === undefined ? [] : [(agent: RpcClient) => agent.removeKey(remove)]),
    ...(list === undefined ? [] : [(agent: RpcClient) => agent.listKeys()]),
  ]
  const [only] = asked
  if (only !== undefined && asked.length === 1) return only
  throw new ConfigError('keys: say one of --install, --use, --remove and --list')
}

function show(report: RpcKeyReport, flags: KeysFlags, out: Output): void {
  if (wantsJson(flags)) return printJson(out, report)
  if (flags.list === true) {
    const rows = Object.entries(report.keys).map(([key, count]) => [key, count])
    out.write(`${tableOf(['key', `members of ${report.nodes}`], rows)}\n`)
  }
  out.write(`${report.responses} of ${report.nodes} members did so\n`)
}

/** Who refused, before the error that some did. */
function throwTold(error: unknown, flags: KeysFlags, out: Output): never {
  const isReport = error instanceof RpcError && error.answer !== undefined
  if (!isReport) throw error
  const { messages, nodes, responses, errors } = error.answer as RpcKeyReport
  if (wantsJson(flags)) printJson(out, error.answer)
  for (const [name, words] of Object.entries(messages)) {
    if (!wantsJson(flags)) out.write(`${printable(name)}: ${printable(words)}\n`)
  }
  const silent = nodes - responses
  throw new CommandError(`${errors} of ${nodes} members refused, ${silent} did not answer`)
}
