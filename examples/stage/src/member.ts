import type { Cluster } from 'libring'
import type { GossipOptions } from 'libring/serf'
import type { Holdings, MemberSetup } from './messages.ts'

/** What a member on the stage gets from outside; one of yours gets it from its deployment. */
export interface StagedMember {
  readonly name: string
  readonly http: { readonly host: string; readonly port: number }
  /** Where to listen and whom to join, with the short timings of a cluster on one machine. */
  readonly serf: GossipOptions
  /** @throws when the example has not given its members this setting. */
  readonly setting: (name: string) => string
}

export function stagedMember(): StagedMember {
  const setup = JSON.parse(process.env['STAGE'] ?? '') as MemberSetup
  return {
    name: setup.name,
    http: setup.http,
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
    const message: Holdings = { owned: [...owned] }
    if (process.connected) process.send?.(message)
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
