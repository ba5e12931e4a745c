import type { Address } from '../base/address.ts'
import { NO_BYTES } from '../base/bytes.ts'
import { Fifo } from '../base/fifo.ts'
import { seededRandom } from '../base/random.ts'
import type { StreamMessage } from '../wire/messages.ts'
import { IN_CLEAR, type StreamEnd } from '../wire/security.ts'
import { StreamDecoder } from '../wire/stream.ts'
import type { SerfEffect, SerfInput } from './effects.ts'
import type { QueryContent } from './messages.ts'
import { SerfMachine } from './serf-machine.ts'
import type { SerfSetup } from './setup.ts'

/** How many members meet. */
const MEMBERS = 10

/** How many times they do, each time for the first time. */
const ROUNDS = 3

/** Most inputs until all is quiet again. A round takes some 190. */
const INPUTS_MAX = 2_000

/** All of a round happens at one moment. */
const NOW_MS = 0

/** What the members are made of. Names, tags and random numbers are their own. */
export type RehearsalSetup = Pick<SerfSetup, 'swim' | 'serf' | 'security' | 'coordinates'>

/**
 * Have members meet, talk and part, in memory and for nobody: a process that has seen this joins
 * real ones in two thirds of the time. V8 interprets code that has not run yet, and compiles it meanwhile.
 *
 * @returns the member that the others met, as it is in the end.
 */
export function rehearse(setup: RehearsalSetup): SerfMachine {
  for (let round = 1; round < ROUNDS; round++) new Rehearsal(setup).play()
  return new Rehearsal(setup).play()
}

/** What the members that met are asked. */
const QUESTION: QueryContent = {
  name: '',
  payload: NO_BYTES,
  filters: [],
  requestAck: true,
  relayFactor: 1,
  timeoutMs: undefined,
}

interface Player {
  readonly machine: SerfMachine
  readonly address: Address
}

class Rehearsal {
  readonly #setup: RehearsalSetup
  readonly #players: readonly Player[]
  readonly #underway = new Fifo<{ readonly to: Player; readonly input: SerfInput }>()
  /** Who dialled, at the place that is the number of the stream for whoever is asked. */
  readonly #streams: { readonly by: Player; readonly dial: number }[] = []

  constructor(setup: RehearsalSetup) {
    this.#setup = setup
    this.#players = Array.from({ length: MEMBERS }, (_, index) => {
      const name = `rehearsal-${index}`
      const own = { name, tags: { member: name }, random: seededRandom(index) }
      // A host of those that are kept for documents (RFC 5737). Each has its place at its port less one.
      const address = { host: '192.0.2.1', port: index + 1 }
      return { machine: new SerfMachine({ ...setup, ...own }), address }
    })
  }

  play(): SerfMachine {
    const [seed, ...others] = this.#players
    for (const to of this.#players) this.#send(to, { type: 'start', advertise: to.address })
    for (const to of others) this.#send(to, { type: 'join', join: 0, seeds: [seed!.address] })
    this.#settle()
    this.#send(seed!, { type: 'tags', tags: {} })
    this.#send(seed!, { type: 'user-event', name: '', payload: NO_BYTES, coalesce: false })
    this.#send(seed!, { type: 'query', query: 0, ...QUESTION })
    this.#settle()
    this.#send(others[0]!, { type: 'leave' })
    this.#settle()
    return seed!.machine
  }

  #send(to: Player, input: SerfInput): void {
    this.#underway.push({ to, input })
  }

  /** Until nothing is underway any more. */
  #settle(): void {
    for (let count = 0; count < INPUTS_MAX; count++) {
      const next = this.#underway.take()
      if (next === undefined) return
      const { machine } = next.to
      machine.handle(next.input, NOW_MS)
      for (let effect = machine.poll(); effect !== undefined; effect = machine.poll()) {
        this.#perform(effect, next.to)
      }
    }
  }

  /** Carry the words; nobody is there to hear news. */
  #perform(effect: SerfEffect, by: Player): void {
    if (effect.type === 'send') {
      const { to, bytes } = effect
      this.#send(this.#at(to), { type: 'packet', from: by.address, bytes })
    } else if (effect.type === 'dial') {
      const { dial, to } = effect
      const connection = this.#streams.push({ by, dial }) - 1
      const message = this.#read('dialling', effect.bytes)
      if (message) this.#send(this.#at(to), { type: 'request', connection, message })
    } else if (effect.type === 'respond') {
      const { by: to, dial } = this.#streams[effect.connection]!
      const message = this.#read('accepting', effect.bytes ?? NO_BYTES)
      if (message) this.#send(to, { type: 'reply', dial, message })
    } else if (effect.type === 'query') {
      this.#send(by, { type: 'respond-query', query: effect.query, payload: NO_BYTES })
    }
  }

  #at({ port }: Address): Player {
    return this.#players[port - 1]!
  }

  /** Nothing where what is sent in clear is refused in clear. */
  #read(sender: StreamEnd, bytes: Uint8Array): StreamMessage | undefined {
    const result = new StreamDecoder(sender, this.#setup.security ?? IN_CLEAR).push(bytes)
    return result.status === 'message' ? result.message : undefined
  }
}
