import { canonicalIp } from '../base/address.ts'
import { isWellFormed } from '../base/bytes.ts'
import { LibringError, OptionError } from '../base/errors.ts'
import type { Member, MemberEvent } from '../base/member.ts'
import {
  requireFunction,
  requireKnown,
  requireList,
  requirePlainObject,
  requireWhole,
} from '../base/require.ts'
import type { MemberListener, Membership } from '../ports/membership.ts'
import { requireTags } from '../serf/tags.ts'

/** One member of a cluster that never changes. */
export interface FixedMember {
  /** Unique among the members. */
  readonly name: string
  /** An IP address. */
  readonly host: string
  /** 1 to 65,535. */
  readonly port: number
  /** At most 512 bytes once encoded. @defaultValue `{}` */
  readonly tags?: Readonly<Record<string, string>>
}

export interface FixedMembersOptions {
  /** The name of the local member, one of `members`. */
  readonly self: string
  readonly members: readonly FixedMember[]
}

/**
 * Members that are known beforehand and never come or go: for tests, for clusters that something
 * else keeps running, and for routers with a list. Only the tags of the local member can change,
 * and nobody else hears of that.
 *
 * @throws {OptionError} for members that are malformed or not unique, or do not include `self`.
 */
export function fixedMembers(options: FixedMembersOptions): Membership {
  requirePlainObject('options', options)
  requireKnown('', options, ['self', 'members'])
  return new FixedMembers(options)
}

class FixedMembers implements Membership {
  readonly localName: string
  readonly expectsOthers = false
  readonly #members: Map<string, Member>
  readonly #listeners = new Set<{ readonly listener: MemberListener }>()
  #phase: 'idle' | 'running' | 'left' | 'stopped' = 'idle'

  constructor({ self, members }: FixedMembersOptions) {
    this.localName = self
    this.#members = tableOf(members)
    if (!this.#members.has(self)) throw new OptionError('self', 'the name of a member', self)
  }

  start(): Promise<void> {
    return settled(() => {
      this.#requireOpen()
      if (this.#phase !== 'idle') return
      this.#phase = 'running'
      this.#tell({ type: 'member-join', members: this.members() })
    })
  }

  deathAfterMs(): number {
    return Infinity
  }

  members(): readonly Member[] {
    return this.#phase === 'idle' ? [] : [...this.#members.values()]
  }

  incarnationOf(name: string): number | undefined {
    return this.members().some((member) => member.name === name) ? 0 : undefined
  }

  subscribe(listener: MemberListener): () => void {
    requireFunction('listener', listener)
    const subscription = { listener }
    this.#listeners.add(subscription)
    return () => void this.#listeners.delete(subscription)
  }

  setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    return settled(() => {
      requireTags('tags', tags)
      this.#requireOpen()
      this.#replaceLocal({ tags: Object.freeze({ ...tags }) }, 'member-update')
    })
  }

  leave(): Promise<void> {
    return settled(() => {
      if (this.#phase !== 'running') return
      this.#phase = 'left'
      this.#replaceLocal({ status: 'left' }, 'member-leave')
    })
  }

  stop(): Promise<void> {
    this.#phase = 'stopped'
    this.#listeners.clear()
    return Promise.resolve()
  }

  #requireOpen(): void {
    if (this.#phase !== 'stopped') return
    throw new LibringError('LIBRING_CLOSED', 'the membership was stopped')
  }

  #replaceLocal(fields: Partial<Member>, type: MemberEvent['type']): void {
    const member = Object.freeze({ ...this.#members.get(this.localName)!, ...fields })
    this.#members.set(this.localName, member)
    if (this.#phase !== 'idle') this.#tell({ type, members: [member] })
  }

  #tell(event: MemberEvent): void {
    for (const { listener } of [...this.#listeners]) listener(event)
  }
}

function tableOf(members: unknown): Map<string, Member> {
  requireList('members', members, 'a list of members')
  const table = new Map<string, Member>()
  for (const [index, given] of members.entries()) {
    const option = `members[${index}]`
    requirePlainObject(option, given)
    requireKnown(`${option}.`, given, ['name', 'host', 'port', 'tags'])
    const { name, host, port, tags = {} }: Partial<Record<keyof FixedMember, unknown>> = given
    if (typeof name !== 'string' || name === '' || !isWellFormed(name)) {
      throw new OptionError(`${option}.name`, 'a name of well-formed text', name)
    }
    if (table.has(name)) throw new OptionError(`${option}.name`, 'unique', name)
    const address = typeof host === 'string' ? canonicalIp(host) : undefined
    if (address === undefined) throw new OptionError(`${option}.host`, 'an IP address', host)
    requireWhole(`${option}.port`, port, 1, 65_535)
    requireTags(`${option}.tags`, tags)
    const member: Member = { name, host: address, port, tags: { ...tags }, status: 'alive' }
    table.set(name, Object.freeze(member))
  }
  return table
}

/** The outcome of `action` as a promise, a throw as a rejection. */
function settled(action: () => void): Promise<void> {
  return new Promise((resolve) => {
    action()
    resolve()
  })
}
