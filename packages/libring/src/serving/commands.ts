import { isLibringError, KeyError } from '../base/errors.ts'
import { LIBRING_TAG, type Member } from '../base/member.ts'
import type { QueryAnswer } from '../gossip/asked-query.ts'
import type { KeyReport } from '../gossip/keys.ts'
import type { ReceivedQuery } from '../gossip/queries.ts'
import { Pattern } from '../pattern/pattern.ts'
import type { KeysBody, RpcAnswers, RpcRequests } from '../rpc/commands.ts'
import type { ServerRequest } from '../rpc/server-session.ts'
import { memberBody } from './member-body.ts'
import type { ServedNode } from './served-node.ts'
import { statsBody, type EventHandlers, type HostFacts } from './stats-body.ts'

/** What came of a command. */
export type Outcome =
  | {
      readonly type: 'answer'
      readonly error: string
      readonly body?: RpcAnswers[keyof RpcAnswers]
      /** What comes in answer to a query, for after the answer to the command. */
      readonly answers?: AsyncIterable<QueryAnswer>
    }
  /** It makes no sense: an agent hangs up. */
  | { readonly type: 'break' }

/** What somebody else than the session has to do. */
export type Command = Exclude<ServerRequest<ReceivedQuery>, { readonly command: 'monitor' }>

/** It was done, and there is nothing to say. */
export const DONE: Outcome = { type: 'answer', error: '' }
const NANOS_PER_MS = 1_000_000n

/** Carries out what clients ask of a node, in the words and with the limits of an agent. */
export class Commands {
  readonly #node: ServedNode
  readonly #host: HostFacts
  readonly #eventHandlers: () => EventHandlers

  constructor(node: ServedNode, host: HostFacts, eventHandlers: () => EventHandlers) {
    this.#node = node
    this.#host = host
    this.#eventHandlers = eventHandlers
  }

  async carryOut(request: Command): Promise<Outcome> {
    try {
      return await this.#carryOut(request)
    } catch (error) {
      return refusalOf(request.command, error)
    }
  }

  async #carryOut(request: Command): Promise<Outcome> {
    const node = this.#node
    switch (request.command) {
      case 'members':
        return answer({ Members: node.members().map(memberBody) })
      case 'members-filtered':
        return this.#filtered(request.body)
      case 'join': {
        const { Existing, Replay } = request.body
        return answer({ Num: await node.join(Existing, { replay: Replay }) })
      }
      case 'leave':
        await node.leave()
        return DONE
      case 'force-leave':
        await node.forceLeave(request.body.Node, { prune: request.body.Prune })
        return DONE
      case 'tags':
        await node.setTags(this.#changedTags(request.body))
        return DONE
      case 'event': {
        const { Name, Payload, Coalesce } = request.body
        await node.userEvent(Name, Payload, { coalesce: Coalesce })
        return DONE
      }
      case 'query':
        return await this.#query(request.body)
      case 'respond':
        request.query.respond(request.payload)
        return DONE
      case 'install-key':
        return keysAnswer(await node.keys.install(request.body.Key))
      case 'use-key':
        return keysAnswer(await node.keys.use(request.body.Key))
      case 'remove-key':
        return keysAnswer(await node.keys.remove(request.body.Key))
      case 'list-keys':
        return keysAnswer(await node.keys.list(), true)
      case 'stats':
        return answer(statsBody(node, this.#host, this.#eventHandlers()))
      case 'get-coordinate':
        return this.#coordinate(request.body.Node)
    }
  }

  #filtered({ Tags, Status, Name }: RpcRequests['members-filtered']): Outcome {
    const name = wholly(Name)
    const status = wholly(Status)
    const tags = [...Tags].map(([tag, text]) => [tag, Pattern.parse(`^${text}$`)] as const)
    if (name === undefined || status === undefined) return { type: 'break' }
    const patterns: [string, Pattern][] = []
    for (const [tag, pattern] of tags) {
      if (pattern === undefined) return { type: 'break' }
      patterns.push([tag, pattern])
    }
    const passes = (member: Member): boolean => {
      if (name !== 'any' && !name.matches(member.name)) return false
      if (status !== 'any' && !status.matches(member.status)) return false
      return patterns.every(([tag, pattern]) => pattern.matches(member.tags[tag] ?? ''))
    }
    return answer({ Members: this.#node.members().filter(passes).map(memberBody) })
  }

  #changedTags({ Tags, DeleteTags }: RpcRequests['tags']): Record<string, string> {
    const { localName } = this.#node
    const own = this.#node.members().find(({ name }) => name === localName)
    const kept = Object.entries(own?.tags ?? {}).filter(([tag]) => {
      return tag !== LIBRING_TAG && !DeleteTags.includes(tag)
    })
    return Object.fromEntries([...kept, ...Tags])
  }

  async #query(body: RpcRequests['query']): Promise<Outcome> {
    const { Name, Payload, FilterNodes, FilterTags, RequestAck, RelayFactor, Timeout } = body
    if (Name.startsWith('_serf_') && (Name !== '_serf_ping' || Payload.length > 0)) {
      return refused("Queries cannot contain the '_serf_' prefix")
    }
    const timeoutMs = Number(Timeout / NANOS_PER_MS)
    const answers = this.#node.query(Name, Payload, {
      filterNodes: FilterNodes,
      filterTags: Object.fromEntries(FilterTags),
      requestAck: RequestAck,
      relayFactor: RelayFactor,
      ...(timeoutMs > 0 && { timeoutMs }),
    })
    // One that was not sent says why to whoever reads, at once.
    if (answers.timeoutMs === 0) await answers[Symbol.asyncIterator]().next()
    return { type: 'answer', error: '', answers }
  }

  #coordinate(name: string): Outcome {
    const coordinate = this.#node.coordinate(name)
    if (coordinate === undefined) {
      return answer({ Coord: { Adjustment: 0, Error: 0, Height: 0, Vec: undefined }, Ok: false })
    }
    const { adjustment, error, height, vec } = coordinate
    return answer({
      Coord: { Adjustment: adjustment, Error: error, Height: height, Vec: vec },
      Ok: true,
    })
  }
}

/** A pattern that the whole of a text has to match; `any` for none, `undefined` for what is none. */
function wholly(text: string): Pattern | 'any' | undefined {
  return text === '' ? 'any' : Pattern.parse(`^${text}$`)
}

function answer(body: RpcAnswers[keyof RpcAnswers]): Outcome {
  return { type: 'answer', error: '', body }
}

function refused(error: string, body?: RpcAnswers[keyof RpcAnswers]): Outcome {
  return body === undefined ? { type: 'answer', error } : { type: 'answer', error, body }
}

function keysAnswer(report: KeyReport, withKeys = false): Outcome {
  return answer(keysBody(report, withKeys))
}

function keysBody(
  { members, answered, refused: errors, messages, keys }: KeyReport,
  withKeys: boolean,
): KeysBody {
  return {
    Keys: withKeys ? keys : undefined,
    Messages: messages,
    NumErr: errors,
    NumNodes: members,
    NumResp: answered,
  }
}

function refusalOf(command: string, error: unknown): Outcome {
  if (error instanceof KeyError) {
    const report = error.report as KeyReport
    const { members, answered, refused: errors } = report
    const words =
      errors > 0
        ? `${errors}/${members} nodes reported failure`
        : `${answered}/${members} nodes reported success`
    return refused(words, keysBody(report, command === 'list-keys'))
  }
  const words = error instanceof Error ? error.message : String(error)
  if (command !== 'respond') return refused(words)
  const isAnswered = isLibringError(error) && error.code === 'LIBRING_QUERY_CLOSED'
  return refused(`failed to respond to key query: ${isAnswered ? 'response already sent' : words}`)
}
