import { Option, type Command } from 'commander'
import type { RpcEvent, RpcLogLevel, RpcStream } from 'libring/serf'
import { addressOf, printable, textOf, type Output } from './output.ts'
import { showingCommand, withAgent, wantsJson, type RpcFlags } from './rpc-command.ts'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'err']

interface MonitorFlags extends RpcFlags {
  readonly logLevel: string
}

/** The log of an agent and what it tells of, as both come. */
export function monitorCommand(out: Output): Command {
  const level = new Option('--log-level <level>', 'of the log').choices(LEVELS)
  return showingCommand('monitor', 'show the log of the agent, and events, as they come')
    .addOption(level.default('info'))
    .action(async (flags: MonitorFlags) => {
      const [lineText, eventText] = wantsJson(flags) ? AS_JSON : AS_TEXT
      await withAgent(flags, async (agent) => {
        const events = await agent.stream('*')
        const lines = await agent.monitor({ level: flags.logLevel.toUpperCase() as RpcLogLevel })
        const show = async <T>(records: RpcStream<T>, text: (record: T) => string) => {
          for await (const record of records) {
            if (out.writable === false) break
            out.write(text(record))
          }
          await Promise.all([events.return(), lines.return()])
        }
        await Promise.all([show(events, eventText), show(lines, lineText)])
      })
    })
}

type Texts = readonly [ofLine: (line: string) => string, ofEvent: (event: RpcEvent) => string]

const AS_TEXT: Texts = [
  (line) => `${printable(line)}\n`,
  (event) => {
    const told = factsOf(event).map((facts) => ['event', event.type, ...facts].join(' '))
    return told.map((line) => `${printable(line)}\n`).join('')
  },
]

/** What there is to say: a line for each member, one for anything else. */
function factsOf(event: RpcEvent): string[][] {
  if (!('members' in event)) {
    const { name, lamportTime, payload } = event
    const own = event.type === 'user' ? `coalesce=${event.coalesce}` : `id=${event.id}`
    return [[name, own, `ltime=${lamportTime}`, `payload=${textOf(payload)}`]]
  }
  return event.members.map(({ name, host, port, status, tags }) => {
    const pairs = Object.entries(tags).map((pair) => pair.join('='))
    return [name, addressOf(host, port), status, pairs.toSorted().join(',')]
  })
}

/** One object a line; payloads in Base64, as with the HTTP API. */
const AS_JSON: Texts = [
  (log) => `${JSON.stringify({ log })}\n`,
  (event) => {
    const { type, ...facts } = event
    const text = (_: string, value: unknown): unknown => {
      if (typeof value === 'bigint') return value.toString()
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
    }
    return `${JSON.stringify({ event: type, ...facts }, text)}\n`
  },
]
