import type { Logger, Member, MemberEvent } from 'libring'
import {
  MEMBER_EVENT_TYPES,
  type GossipNode,
  type ReceivedQuery,
  type UserEvent,
} from 'libring/serf'
import { runScript, type ScriptEnvironment } from './run-script.ts'
import { isMeant, type HandledType, type HandlerSpec } from './spec.ts'

/** Events that wait while scripts run, one at a time, as with Serf. One more drops the oldest. */
const WAITING_MAX = 1_024

interface Happening {
  readonly type: HandledType
  readonly name?: string
  readonly environment: ScriptEnvironment
  readonly input: Uint8Array
  /** Takes what a script printed that ended well. */
  readonly answer?: (output: Buffer) => void
}

/** Runs scripts for what a node tells, in order. */
export class SerfHandlers {
  readonly #node: Pick<GossipNode, 'localName' | 'members' | 'on'>
  readonly #logger: Logger
  readonly #waiting: Happening[] = []
  #specs: readonly HandlerSpec[]
  #isRunning = false

  constructor(
    node: Pick<GossipNode, 'localName' | 'members' | 'on'>,
    specs: readonly HandlerSpec[],
    logger: Logger,
  ) {
    this.#node = node
    this.#specs = specs
    this.#logger = logger
    for (const type of MEMBER_EVENT_TYPES) node.on(type, (event) => this.#onMembers(type, event))
    node.on('user-event', (event) => this.#onUserEvent(event))
    node.on('query', (query) => this.#onQuery(query))
  }

  /** Those that are in force. */
  get specs(): readonly HandlerSpec[] {
    return this.#specs
  }

  /** From now on these. */
  replace(specs: readonly HandlerSpec[]): void {
    this.#specs = specs
  }

  #onMembers(type: HandledType, { members }: MemberEvent): void {
    const lines = members.map(memberLine).join('')
    this.#take({ type, environment: {}, input: Buffer.from(lines) })
  }

  #onUserEvent({ name, payload, ltime }: UserEvent): void {
    const environment = { SERF_USER_EVENT: name, SERF_USER_LTIME: String(ltime) }
    this.#take({ type: 'user', name, environment, input: withNewline(payload) })
  }

  #onQuery(query: ReceivedQuery): void {
    const { name, payload, ltime } = query
    const environment = { SERF_QUERY_NAME: name, SERF_QUERY_LTIME: String(ltime) }
    const answer = (output: Buffer): void => {
      if (output.length > 0) query.respond(output)
    }
    this.#take({ type: 'query', name, environment, input: withNewline(payload), answer })
  }

  #take(happening: Happening): void {
    if (!this.#specs.some((spec) => isMeant(spec, happening.type, happening.name))) return
    this.#waiting.push(happening)
    if (this.#waiting.length > WAITING_MAX) {
      const dropped = this.#waiting.shift()
      this.#logger.warn('agent: scripts are too slow, an event was dropped', {
        event: dropped?.type,
      })
    }
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#handle(next)
    }
    this.#isRunning = false
  }

  async #handle({ type, name, environment, input, answer }: Happening): Promise<void> {
    const all = { ...selfEnvironment(this.#node), SERF_EVENT: type, ...environment }
    for (const spec of this.#specs) {
      if (!isMeant(spec, type, name)) continue
      const { status, output } = await runScript(spec.script, all, input)
      const fields = { event: type, script: spec.script, status }
      if (status !== 0) this.#logger.error('agent: a script failed', fields)
      else this.#logger.debug('agent: a script ran', fields)
      try {
        if (status === 0) answer?.(output)
      } catch (error) {
        this.#logger.warn(`agent: a query was not answered: ${(error as Error).message}`, fields)
      }
    }
  }
}

/** Who the script runs beside. */
export function selfEnvironment(
  node: Pick<GossipNode, 'localName' | 'members'>,
): ScriptEnvironment {
  const { localName } = node
  const tags = node.members().find(({ name }) => name === localName)?.tags ?? {}
  const named = Object.entries(tags).map(([tag, value]) => {
    return [`SERF_TAG_${tag.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_')}`, value] as const
  })
  return {
    SERF_SELF_NAME: localName,
    SERF_SELF_ROLE: tags['role'] ?? '',
    ...Object.fromEntries(named),
  }
}

/** Name, address, role and tags, between tabs. */
function memberLine({ name, host, tags }: Member): string {
  const listed = Object.entries(tags).map(([tag, value]) => `${tag}=${value}`)
  const fields = [name, host, tags['role'] ?? '', listed.join(',')]
  const clean = fields.map((field) => field.replaceAll('\t', '\\t').replaceAll('\n', '\\n'))
  return `${clean.join('\t')}\n`
}

function withNewline(payload: Uint8Array): Uint8Array {
  const isClosed = payload.length === 0 || payload.at(-1) === 0x0a
  return isClosed ? payload : Buffer.concat([payload, Buffer.from('\n')])
}
