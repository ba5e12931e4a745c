import { MEMBER_EVENT_TYPES, type MemberEventType } from 'libring/serf'
import { ConfigError } from '../config/config-error.ts'

const OTHER_EVENTS = [
  'user',
  'query',
  'partition-acquire',
  'partition-change',
  'partition-release',
] as const

export type HandledType = MemberEventType | (typeof OTHER_EVENTS)[number]

const TYPES: readonly HandledType[] = [...MEMBER_EVENT_TYPES, ...OTHER_EVENTS]

/** When a script is to run, and the script. */
export interface HandlerSpec {
  /** `*` for all but those of partitions, which somebody has to answer for. */
  readonly type: HandledType | '*'
  /** Of user events and queries: only those of this name. */
  readonly name: string | undefined
  readonly script: string
}

/**
 * What a handler says, as Serf has it: `script`, `type=script`, `user:name=script`, several types
 * before one script separated by commas.
 *
 * @throws {ConfigError} naming a type that there is not.
 */
export function parseHandlers(text: string): readonly HandlerSpec[] {
  const at = text.indexOf('=')
  if (at < 0) return [{ type: '*', name: undefined, script: requireScript(text, text) }]
  const script = requireScript(text.slice(at + 1), text)
  return text
    .slice(0, at)
    .split(',')
    .map((filter) => {
      const [, type = '', name] = /^([^:]*)(?::(.+))?$/.exec(filter.trim()) ?? []
      const isNamed = type === 'user' || type === 'query'
      if (!isType(type) || (name !== undefined && !isNamed)) {
        throw new ConfigError(`event_handlers: there is no event ${filter}: ${TYPES.join(', ')}`)
      }
      return { type, name, script }
    })
}

/** What `serf info` shows of scripts, as agents name them: of several for one thing the last. */
export function handlersShown(specs: readonly HandlerSpec[]): Readonly<Record<string, string>> {
  return Object.fromEntries(specs.map(({ type, name = '', script }) => [`${type}:${name}`, script]))
}

/** Whether the script is to run for what happened. */
export function isMeant(spec: HandlerSpec, type: HandledType, name?: string): boolean {
  if (spec.type === '*') return !type.startsWith('partition-')
  return spec.type === type && (spec.name === undefined || spec.name === name)
}

/** Whether a script answers for partitions, and so is a consumer. */
export function isForPartitions({ type }: HandlerSpec): boolean {
  return type.startsWith('partition-')
}

function requireScript(script: string, text: string): string {
  if (script.trim() !== '') return script
  throw new ConfigError(`event_handlers: there is no script in ${JSON.stringify(text)}`)
}

function isType(type: string): type is HandledType {
  return TYPES.some((known) => known === type)
}
