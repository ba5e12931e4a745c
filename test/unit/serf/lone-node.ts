import { ipToBytes, type Address } from '../../../packages/libring/src/base/address.ts'
import type { SerfEffect, SerfInput } from '../../../packages/libring/src/serf/effects.ts'
import { decodeSerf, encodeSerf } from '../../../packages/libring/src/serf/message-codec.ts'
import type { SerfMessage, UserState } from '../../../packages/libring/src/serf/messages.ts'
import type { SerfMachine } from '../../../packages/libring/src/serf/serf-machine.ts'
import { serfVersions } from '../../../packages/libring/src/serf/setup.ts'
import { encodeTags } from '../../../packages/libring/src/serf/tags.ts'
import { encodeMessage } from '../../../packages/libring/src/wire/encode.ts'
import type { Alive, NodeState } from '../../../packages/libring/src/wire/messages.ts'
import {
  guardPacket,
  IN_CLEAR,
  type Security,
} from '../../../packages/libring/src/wire/security.ts'
import { newMachine, serfMessages, streamMessage, tell, type NodeSetup } from './world.ts'

export const place = (last: number): Address => ({ host: `127.0.0.${last}`, port: 7946 })

export function aliveOf(name: string, last: number, tags = {}, incarnation = 1): Alive {
  return {
    type: 'alive',
    incarnation,
    node: name,
    addr: ipToBytes(place(last).host)!,
    port: 7946,
    meta: encodeTags(tags),
    versions: serfVersions,
  }
}

/**
 * The machine of a node `self` at 127.0.0.1, and a test that plays all others: `ann` at 127.0.0.2
 * has made herself known.
 */
export class LoneNode {
  now = 0
  readonly machine: SerfMachine
  readonly #security: Security

  constructor(setup: NodeSetup = {}) {
    this.machine = newMachine('self', setup)
    this.#security = setup.security ?? IN_CLEAR
    this.machine.handle({ type: 'start', advertise: place(1) }, this.now)
    this.meet('ann', 2)
  }

  /** Have somebody make itself known. */
  meet(name: string, last: number, tags = {}): void {
    this.packet(guardPacket(encodeMessage(aliveOf(name, last, tags)), this.#security))
    this.effects()
  }

  feed(input: SerfInput): SerfEffect[] {
    this.machine.handle(input, this.now)
    return this.effects()
  }

  packet(bytes: Uint8Array, last = 2): void {
    this.machine.handle({ type: 'packet', from: place(last), bytes }, this.now)
  }

  /** Take in Serf's messages, and give what follows at once. */
  hear(...messages: readonly SerfMessage[]): SerfEffect[] {
    for (const message of messages) {
      this.packet(encodeMessage({ type: 'user', payload: encodeSerf(message) }))
    }
    return this.effects()
  }

  effects(): SerfEffect[] {
    const effects: SerfEffect[] = []
    for (let effect = this.machine.poll(); effect !== undefined; effect = this.machine.poll()) {
      effects.push(effect)
    }
    return effects
  }

  /** Let time pass. Nobody answers pings, so members begin to fail after a while. */
  wait(durationMs: number): SerfEffect[] {
    const effects: SerfEffect[] = []
    const endMs = this.now + durationMs
    for (let next = this.machine.deadlineMs(); next !== undefined && next <= endMs;) {
      this.now = Math.max(this.now, next)
      this.machine.tick(this.now)
      effects.push(...this.effects())
      next = this.machine.deadlineMs()
    }
    this.now = endMs
    return effects
  }

  /** What gossip brings to others within the next second, without repetitions. */
  gossiped(): SerfMessage[] {
    const messages = sentIn(this.wait(1_000)).map(({ message }) => message)
    return [...new Map(messages.map((message) => [encodeSerf(message).join(), message])).values()]
  }

  /** Push/pull with the node as another member would; gives the user state that it gets. */
  pushPull(state: Partial<UserState> = {}, how: { readonly join?: boolean } = {}): UserState {
    const { join = false } = how
    const message = { type: 'push-pull', join, nodes: [ANN], userState: userState(state) } as const
    this.machine.handle({ type: 'request', connection: 1, message }, this.now)
    let bytes: Uint8Array | undefined
    const rest: SerfEffect[] = []
    for (const effect of this.effects()) {
      if (effect.type === 'respond') bytes = effect.bytes
      else rest.push(effect)
    }
    this.told = newsIn(rest)
    this.sent = sentIn(rest)
    const answer = streamMessage(bytes!)
    const own = answer.type === 'push-pull' ? decodeSerf(answer.userState).message : undefined
    if (own?.type !== 'push-pull') throw new Error('the node answered with something else')
    return own
  }

  /** What the last push/pull led to. */
  told: string[] = []

  /** What was sent because of it. */
  sent: ReturnType<typeof sentIn> = []
}

const ANN: NodeState = {
  name: 'ann',
  addr: ipToBytes(place(2).host)!,
  port: 7946,
  meta: encodeTags({}),
  incarnation: 1,
  state: 'alive',
  versions: serfVersions,
}

export function annsState(): NodeState {
  return ANN
}

export function userState(state: Partial<UserState>): Uint8Array {
  return encodeSerf({
    type: 'push-pull',
    ltime: 1n,
    eventLTime: 1n,
    queryLTime: 1n,
    statusLTimes: new Map(),
    leftMembers: [],
    events: [],
    ...state,
  })
}

/** Serf's messages that were sent, and where to. */
export function sentIn(
  effects: readonly SerfEffect[],
): { readonly to: string; readonly message: SerfMessage }[] {
  return effects.flatMap((effect) => {
    if (effect.type !== 'send') return []
    return serfMessages(effect.bytes).map((message) => ({ to: effect.to.host, message }))
  })
}

export function newsIn(effects: readonly SerfEffect[]): string[] {
  return effects.map(tell).filter((text) => text !== undefined)
}
