import type { Held } from '../../packages/libring/src/cluster/held.ts'
import type { LocalRole } from '../../packages/libring/src/cluster/explanation.ts'
import type { MoveWaitOptions } from '../../packages/libring/src/cluster/moves.ts'
import type { ClusterMember } from '../../packages/libring/src/ownership/cluster-member.ts'
import type { RoutedCluster } from '../../packages/libring/src/routing/routed-cluster.ts'
import { aClusterMember } from './ownership.ts'

/** What is so of the one partition that a fake cluster has. */
export interface FakeState {
  /** By name, primary first; each has a URL unless it is in `withoutUrl`. */
  holders: readonly string[]
  /** What the local member is to it. */
  local?: { readonly replica: number; readonly isReady?: boolean; readonly isValid?: boolean }
  servedBy?: string
  /** Whether the local member is not in the ring. */
  isOutside?: boolean
}

/** A cluster of one partition, number 7, that is what the test says. */
export class FakeCluster implements RoutedCluster {
  readonly localName: string
  readonly configurationDigest = '1a2b3c4d'
  readonly withoutUrl: Set<string> = new Set()
  /** Names that nobody has heard of. */
  readonly strangers: Set<string> = new Set()
  state: FakeState
  /** What all members are, as far as is known. */
  status: ClusterMember['status'] = 'alive'
  /** What happens while somebody waits, one after the other; then the time is over. */
  readonly moves: (() => void)[] = []
  /** How long each waited at most. */
  readonly waits: number[] = []
  error: Error | undefined

  constructor(state: FakeState, localName = 'ann') {
    this.localName = localName
    this.state = state
  }

  get members(): readonly ClusterMember[] {
    return this.state.isOutside === true ? [] : [this.#member(this.localName)]
  }

  partitionForKey(): number {
    return 7
  }

  holdersForPartition(): readonly ClusterMember[] {
    if (this.error !== undefined) throw this.error
    return this.state.holders.map((name) => this.#member(name))
  }

  memberNamed(name: string): ClusterMember | undefined {
    return this.strangers.has(name) ? undefined : this.#member(name)
  }

  localRole(): LocalRole | undefined {
    const { local } = this.state
    if (local === undefined) return undefined
    const { replica, isReady = true } = local
    return { replica, isReady, isServing: isReady && replica === 0, token: undefined }
  }

  held(): Held | undefined {
    const { local } = this.state
    if (local?.replica !== 0) return undefined
    const { isValid: valid = true } = local
    return { partition: 7, token: 1n, tokenHex: '', valid, signal: new AbortController().signal }
  }

  servedBy(): string | undefined {
    return this.state.servedBy
  }

  async whenMoved(_partition: number, { timeoutMs }: MoveWaitOptions): Promise<number> {
    this.waits.push(timeoutMs)
    await Promise.resolve()
    const move = this.moves.shift()
    move?.()
    return move === undefined ? 0 : timeoutMs - 1
  }

  #member(name: string): ClusterMember {
    const url = this.withoutUrl.has(name) ? undefined : `http://${name}`
    return { ...aClusterMember(name), status: this.status, url }
  }
}
