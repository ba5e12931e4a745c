import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFailed, test } from 'vitest'
import { GossipProcess } from '../support/gossip-process.ts'
import { loopbackAddresses } from '../support/loopback.ts'
import type { Participant } from '../support/participant.ts'
import { SerfAgent, serfMissing } from '../support/serf-agent.ts'
import { SETTINGS, type SerfSetting } from '../support/serf-settings.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

type Kind = 'agent' | 'ours'

interface Life {
  readonly kind: Kind
  readonly rejoinAfterLeave?: boolean
}

/** One member that is always there, and one of several lives that share one snapshot. */
class Place implements AsyncDisposable {
  readonly #path = join(temporaryFolder(), 'snapshot')
  readonly #addresses = loopbackAddresses()
  readonly #host = this.#addresses.next()
  readonly #running = new Set<Participant>()
  readonly #setting: SerfSetting

  constructor(setting: SerfSetting) {
    this.#setting = setting
  }

  async startStayer(kind: Kind): Promise<Participant> {
    const { args, options } = this.#setting
    const setup = { name: 'stayer', host: this.#addresses.next(), args, options }
    return this.#keep(
      await (kind === 'agent' ? SerfAgent.start(setup) : GossipProcess.start(setup)),
    )
  }

  /** Nobody tells it whom to join, save `seed`. */
  async startLife(
    { kind, rejoinAfterLeave = false }: Life,
    seed?: Participant,
  ): Promise<Participant> {
    const setup = {
      name: 'mortal',
      host: this.#host,
      join: seed === undefined ? [] : [seed.address],
    }
    if (kind === 'agent') {
      const args = [
        ...this.#setting.args,
        `-snapshot=${this.#path}`,
        ...(rejoinAfterLeave ? ['-rejoin'] : []),
      ]
      return this.#keep(await SerfAgent.start({ ...setup, args }))
    }
    const options = { ...this.#setting.options, snapshotPath: this.#path, rejoinAfterLeave }
    return this.#keep(await GossipProcess.start({ ...setup, options }))
  }

  get written(): string {
    return readFileSync(this.#path, 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const participant of this.#running) await participant.kill()
  }

  #keep(participant: Participant): Participant {
    this.#running.add(participant)
    onTestFailed(() => console.log(`--- ${participant.name}\n${participant.log}`))
    return participant
  }
}

async function expectSeen(by: Participant, statuses: Record<string, string>): Promise<void> {
  await expect
    .poll(
      async () => {
        const members = await by.members()
        return Object.fromEntries(members.map(({ name, status }) => [name, status]))
      },
      { timeout: 90_000, interval: 100 },
    )
    .toEqual(statuses)
}

const BOTH = { stayer: 'alive', mortal: 'alive' }
const ORDERS: readonly { readonly first: Kind; readonly second: Kind }[] = [
  { first: 'ours', second: 'agent' },
  { first: 'agent', second: 'ours' },
  { first: 'ours', second: 'ours' },
]
/** In clear there is every order, in each of the other settings one. */
const LIVES = [
  ...ORDERS.map((order) => ({ ...order, ...SETTINGS[0]! })),
  ...ORDERS.slice(0, 2).map((order, index) => ({ ...order, ...SETTINGS[index + 1]! })),
]

describe.skipIf(serfMissing)(
  `a snapshot of one life, read in the next ${serfMissing ?? ''}`,
  () => {
    test.each(LIVES)(
      'leads back to the cluster after a crash: $first, then $second; encrypted: $encrypted',
      async ({ first, second, ...setting }) => {
        await using place = new Place(setting)
        const stayer = await place.startStayer('agent')
        const mortal = await place.startLife({ kind: first }, stayer)
        await expectSeen(mortal, BOTH)
        // An agent writes what it knows with the next thing it learns: joins give it times to learn.
        await expect
          .poll(
            async () => {
              await stayer.join(mortal.address)
              return place.written
            },
            { timeout: 30_000, interval: 250 },
          )
          .toMatch(/^alive: stayer /m)
        await mortal.kill()
        await expectSeen(stayer, { ...BOTH, mortal: 'failed' })
        const again = await place.startLife({ kind: second })
        await expectSeen(again, BOTH)
        await expectSeen(stayer, BOTH)
      },
    )

    test.each(LIVES)(
      'leads back after a farewell to who wants that: $first, then $second; encrypted: $encrypted',
      async ({ first, second, ...setting }) => {
        await using place = new Place(setting)
        const stayer = await place.startStayer('ours')
        const mortal = await place.startLife({ kind: first, rejoinAfterLeave: true }, stayer)
        await expectSeen(mortal, BOTH)
        await mortal.leave()
        await expectSeen(stayer, { ...BOTH, mortal: 'left' })
        const again = await place.startLife({ kind: second, rejoinAfterLeave: true })
        await expectSeen(again, BOTH)
        await expectSeen(stayer, BOTH)
      },
    )
  },
)
