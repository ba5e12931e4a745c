import type { Cluster } from 'libring'
import type { GossipOptions } from 'libring/serf'
import type { Holdings, MemberSetup } from './messages.ts'

/** What a member on the stage gets from outside; one of yours gets it from its deployment. */
export interface StagedMember {
  readonly name: string
  /** Where to gossip, `host:port`. */
  readonly bind: string
  readonly http: { readonly host: string; readonly port: number }
  readonly bootstrapHosts: readonly string[]
  /** Where to listen and whom to join, with the short timings of a cluster on one machine. */
  readonly serf: GossipOptions
  /** @throws when the example has not given its members this setting. */
  readonly setting: (name: string) => string
}

export function stagedMember(): StagedMember {
  const setup = JSON.parse(process.env['STAGE'] ?? '') as MemberSetup
  return {
    name: setup.name,
    bind: setup.bind,
    http: setup.http,
    bootstrapHosts: setup.bootstrapHosts,
    serf: {
      hostName: setup.name,
      bind: setup.bind,
      bootstrapHosts: setup.bootstrapHosts,
      profile: 'local',
      // So that news reach everybody by gossip, and need not wait for the next full exchange.
      retransmitMult: 4,
    },
    setting(name) {
      const value = setup.settings[name]
      if (value === undefined) throw new Error(`no setting ${name}`)
      return value
    },
  }
}

/** Tell the stage what this member owns, from when it sees a ring. */
export function tellHoldings(cluster: Cluster): void {
  const owned = new Set<number>()
  let isToTell = true
  const tell = (): void => {
    isToTell = false
    send({ owned: [...owned] })
  }
  for (const type of ['acquire', 'change', 'release'] as const) {
    cluster.on(type, ({ partition, replica }) => {
      if (type !== 'release' && replica === 0) owned.add(partition)
      else owned.delete(partition)
      // Steps come in bursts.
      if (!isToTell) setImmediate(tell)
      isToTell = true
    })
  }
  cluster.ready().then(tell, () => {})
}

/** Tell the stage that this process can be used. For those who never own anything. */
export function tellUp(): void {
  send({ owned: [] })
}

function send(message: Holdings): void {
  if (process.connected) process.send?.(message)
}
