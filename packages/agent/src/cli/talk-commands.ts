import { Option, type Command } from 'commander'
import type { RpcClient, RpcQueryAnswer, RpcStream } from 'libring/serf'
import { millisOf } from '../config/duration.ts'
import { CommandError } from './command-error.ts'
import { monitorCommand } from './monitor-command.ts'
import { printable, printJson, textOf, type Output } from './output.ts'
import { gathered, pairsOf } from './pairs.ts'
import { rpcCommand, showingCommand, withAgent, wantsJson, type RpcFlags } from './rpc-command.ts'

const encoder = new TextEncoder()

/** Commands that talk to all members, or listen to one, by any agent that speaks Serf's RPC. */
export function talkCommands(out: Output): Command[] {
  return [
    eventCommand(out),
    queryCommand(out),
    monitorCommand(out),
    rpcCommand('reachability', 'ask every live member to answer, and say who does not')
      .option('--verbose', 'show each answer as it comes')
      .action(async (flags: RpcFlags & { readonly verbose?: true }) => {
        const onAnswer = (from: string): void => {
          if (flags.verbose === true) out.write(`ack from ${printable(from)}\n`)
        }
        const onMembers = (live: number, known: number): void => {
          out.write(`${live} of ${known} members are alive\n`)
        }
        const hears = { onMembers, onAnswer }
        const missing = await withAgent(flags, (agent) => silentMembers(agent, hears))
        if (missing.length > 0) {
          const names = missing.map(printable).join(', ')
          throw new CommandError(`of the live members these did not answer: ${names}`)
        }
        out.write('all live members answered\n')
      }),
  ]
}

function eventCommand(out: Output): Command {
  const coalesce = new Option('--coalesce <choice>', 'whether the last of a name will do')
  return rpcCommand('event', 'tell all members something')
    .argument('<name>')
    .argument('[payload]', 'with the name at most 512 bytes', '')
    .addOption(coalesce.choices(['true', 'false']).default('true'))
    .action(async (name: string, payload: string, flags: EventFlags) => {
      await withAgent(flags, (agent) =>
        agent.event(name, encoder.encode(payload), { coalesce: flags.coalesce === 'true' }),
      )
      out.write(`told all members: ${printable(name)} (coalesce: ${flags.coalesce})\n`)
    })
}

interface EventFlags extends RpcFlags {
  readonly coalesce: 'true' | 'false'
}

interface QueryFlags extends RpcFlags {
  readonly node: readonly string[]
  readonly tag: readonly string[]
  readonly timeout?: string
  readonly ack: boolean
  readonly relayFactor: string
}

function queryCommand(out: Output): Command {
  return showingCommand('query', 'ask all members something, and show what they answer')
    .argument('<name>')
    .argument('[payload]', 'with the name about 1,000 bytes', '')
    .option('--node <name>', 'ask only this one; may be repeated', gathered, [])
    .option('--tag <key=regexp>', 'ask only those whose tag matches; may be repeated', gathered, [])
    .option('--timeout <duration>', 'how long to wait, as 15s (default: as the agent has it)')
    .option('--no-ack', 'do not have members say that the query came')
    .option('--relay-factor <count>', 'have answers sent by so many others too', '0')
    .action(async (name: string, payload: string, flags: QueryFlags) => {
      const options = {
        payload: encoder.encode(payload),
        nodes: flags.node,
        tags: pairsOf('--tag', flags.tag),
        acks: flags.ack,
        relayFactor: Number(flags.relayFactor),
        ...(flags.timeout === undefined ? {} : { timeoutMs: millisOf('--timeout', flags.timeout) }),
      }
      await withAgent(flags, async (agent) => {
        const answers = await agent.query(name, options)
        if (wantsJson(flags)) printJson(out, await asSerfShows(answers))
        else await showAnswers(out, answers)
      })
    })
}

/** Each answer as it comes, and at the end how many there were. */
async function showAnswers(out: Output, answers: RpcStream<RpcQueryAnswer>): Promise<void> {
  const counts = { ack: 0, response: 0 }
  for await (const answer of answers) {
    counts[answer.type]++
    const from = printable(answer.from)
    if (answer.type === 'ack') out.write(`ack from ${from}\n`)
    else out.write(`answer from ${from}: ${printable(textOf(answer.payload))}\n`)
  }
  out.write(`${counts.ack} acks, ${counts.response} answers\n`)
}

/** The JSON that `serf query -format=json` prints. */
async function asSerfShows(answers: RpcStream<RpcQueryAnswer>): Promise<object> {
  const acks: string[] = []
  const responses: [string, string][] = []
  for await (const answer of answers) {
    if (answer.type === 'ack') acks.push(answer.from)
    else responses.push([answer.from, textOf(answer.payload)])
  }
  return { Acks: acks, Responses: Object.fromEntries(responses) }
}

/** Names of live members that do not acknowledge a query. */
async function silentMembers(
  agent: RpcClient,
  hears: {
    readonly onMembers: (live: number, known: number) => void
    readonly onAnswer: (from: string) => void
  },
): Promise<readonly string[]> {
  const known = await agent.members()
  const live = known.filter(({ status }) => status === 'alive')
  hears.onMembers(live.length, known.length)
  const silent = new Set(live.map(({ name }) => name))
  for await (const { type, from } of await agent.query('_serf_ping', { acks: true })) {
    if (type !== 'ack') continue
    hears.onAnswer(from)
    silent.delete(from)
  }
  return [...silent].toSorted()
}
