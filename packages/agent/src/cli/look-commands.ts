import { Command } from 'commander'
import { CommandError } from './command-error.ts'
import { printable, printJson, tableOf, type Output } from './output.ts'
import { showingCommand, withAgent, wantsJson, type RpcFlags } from './rpc-command.ts'

/** Commands that look into an agent, or into this program. */
export function lookCommands(version: string, out: Output): Command[] {
  return [
    new Command('version')
      .description('print the version of this program')
      .action(() => void out.write(`${version}\n`)),
    showingCommand('info', 'show what the agent tells of itself').action(
      async (flags: RpcFlags) => {
        const info = await withAgent(flags, (agent) => agent.stats())
        if (wantsJson(flags)) return printJson(out, info)
        const rows = Object.entries(info).flatMap(([part, values]) => {
          return Object.entries(values).map(([name, value]) => [`${part}.${name}`, value])
        })
        out.write(`${tableOf(['what', 'value'], rows)}\n`)
      },
    ),
    showingCommand('rtt', 'estimate how long a round trip between two members takes')
      .argument('<from>')
      .argument('[to]', 'a name too (default: that of the agent)')
      .action(async (from: string, to: string | undefined, flags: RpcFlags) => {
        await withAgent(flags, async (agent) => {
          const other = to ?? (await agent.stats())['agent']?.['name'] ?? ''
          const rttMs = await agent.rtt(from, other)
          if (rttMs === undefined) {
            throw new CommandError(`where ${from} or ${other} is in the network is not known`)
          }
          if (wantsJson(flags)) return printJson(out, { from, to: other, rttMs })
          const members = `${printable(from)} <-> ${printable(other)}`
          out.write(`${members}: ${rttMs.toFixed(3)} ms\n`)
        })
      }),
  ]
}
