import { isLibringError, NotOwnerError, RoutingError } from '../base/errors.ts'
import {
  requireFunction,
  requireKnown,
  requireOneOf,
  requirePlainObject,
  requireSignal,
  requireWhole,
} from '../base/require.ts'
import type { Millis } from '../base/time.ts'
import type { Held } from '../cluster/held.ts'
import type { Key } from '../ring/key-hash.ts'
import { admit } from './admission.ts'
import { decodeForwardMark, encodeForwardMark, type Refusal } from './forward-mark.ts'
import { Itinerary, type Reachable } from './itinerary.ts'
import type { RoleAsked, RoutedCluster } from './routed-cluster.ts'

export interface RouteOptions {
  /**
   * Who may serve the key: the acting `primary` alone, or any of the `holders`, which is for reads.
   *
   * @defaultValue `'primary'`
   */
  readonly serveFrom?: 'primary' | 'holders'
  /** How many other members may be asked. 1 to 16. @defaultValue 3 */
  readonly maxHops?: number
  /**
   * How long to wait, in all, for a partition that is about to be served. 0 to 600,000.
   *
   * @defaultValue 5000
   */
  readonly acquireWaitMs?: Millis
  /**
   * How long to wait, in all, for a partition whose owner cannot be reached. 0 to 600,000.
   *
   * @defaultValue 2000
   */
  readonly failoverWaitMs?: Millis
  /**
   * Whether a member could not be reached a moment ago, so that it is left out for now.
   *
   * @defaultValue nobody is
   */
  readonly isBad?: (member: Reachable) => boolean
  /** Gives up. */
  readonly signal?: AbortSignal
}

/** Whom an attempt is to ask. */
export interface RouteTarget {
  readonly partition: number
  readonly role: RoleAsked
  /** The member to ask; `undefined` for the local one, which serves the partition itself. */
  readonly member: Reachable | undefined
  /** The local holding of index 0, where the local member serves as primary. */
  readonly held: Held | undefined
  /** For the member that is asked, to be given to its `admitForwarded`. Empty for the local one. */
  readonly mark: string
}

/**
 * Have `attempt` called with the member that serves the key, and with another one if that one does
 * not, as far as it is certain that nobody has dealt with the request.
 *
 * An attempt throws {@link NotOwnerError} when the member says that it does not serve the
 * partition, and a {@link RoutingError} `LIBRING_OWNER_UNREACHABLE` when the member got nothing of
 * the request. Whatever else it throws is thrown on: the request may have been dealt with.
 *
 * @throws {RoutingError} when nobody serves the key, or can be reached. {ConfigMismatchError} while
 *   most members have another configuration. The reason of the signal, when it aborts.
 */
export async function route<T>(
  cluster: RoutedCluster,
  key: Key,
  attempt: (target: RouteTarget) => T | Promise<T>,
  options: RouteOptions = {},
): Promise<T> {
  requireFunction('attempt', attempt)
  const { role, signal, isBad, ...limits } = resolveRouteOptions(options)
  const partition = cluster.partitionForKey(key)
  const itinerary = new Itinerary(cluster, { partition, role }, limits, isBad)
  for (;;) {
    signal?.throwIfAborted()
    const leg = itinerary.next()
    if (leg.type === 'fail') throw new RoutingError(leg.code, leg.why, partition)
    if (leg.type === 'wait') {
      const { timeoutMs } = leg
      itinerary.waited(timeoutMs, await cluster.whenMoved(partition, { timeoutMs, signal }))
      continue
    }
    const member = leg.type === 'forward' ? leg.member : undefined
    const held = member === undefined ? cluster.held(partition) : undefined
    const mark = member === undefined ? '' : encodeForwardMark(itinerary.mark(''))
    try {
      return await attempt({ partition, role, member, held, mark })
    } catch (error) {
      if (member === undefined || !isLibringError(error)) throw error
      if (error.code === 'LIBRING_OWNER_UNREACHABLE') itinerary.unreachable(member.name)
      else if (error instanceof NotOwnerError)
        itinerary.refused(member.name, error.owner, error.isNext)
      else throw error
    }
  }
}

/** What to do with a request that another member has forwarded. */
export type ForwardedAdmission =
  | {
      readonly type: 'serve'
      readonly partition: number
      readonly role: RoleAsked
      /** The holding of index 0, where the local member serves as primary. */
      readonly held: Held | undefined
    }
  /** Tell the sender, who throws a `NotOwnerError` with `owner` and `isNext`. */
  | ({ readonly type: 'refuse' } & Refusal)
  /** Tell the sender that nobody serves it now. */
  | { readonly type: 'unavailable' }

/**
 * Whether the local member serves what {@link route} of another member has sent here, with its
 * mark. Waits a bounded time where the local member is about to serve it.
 *
 * @param key what the request is for, as the local member sees it.
 */
export async function admitForwarded(
  cluster: RoutedCluster,
  key: Key,
  mark: string,
  options: RouteOptions = {},
): Promise<ForwardedAdmission> {
  const { maxHops, acquireWaitMs, signal } = resolveRouteOptions(options)
  const forwarded = decodeForwardMark(mark)
  if (forwarded === undefined) return { type: 'refuse', reason: 'key', owner: undefined }
  const { partition, role } = forwarded
  let leftMs = acquireWaitMs
  for (;;) {
    signal?.throwIfAborted()
    const admission = admit(cluster, forwarded, maxHops)
    if (admission.type === 'refuse') return admission
    if (partition !== cluster.partitionForKey(key)) {
      return { type: 'refuse', reason: 'key', owner: undefined }
    }
    if (admission.type === 'serve') {
      return { type: 'serve', partition, role, held: cluster.held(partition) }
    }
    if (leftMs === 0) return admission.otherwise ?? { type: 'unavailable' }
    leftMs = await cluster.whenMoved(partition, { timeoutMs: leftMs, signal })
  }
}

const OPTIONS = {
  serveFrom: true,
  maxHops: true,
  acquireWaitMs: true,
  failoverWaitMs: true,
  isBad: true,
  signal: true,
} as const satisfies Record<keyof RouteOptions, true>

interface ResolvedRouteOptions {
  readonly role: RoleAsked
  readonly maxHops: number
  readonly acquireWaitMs: Millis
  readonly failoverWaitMs: Millis
  readonly isBad: ((member: Reachable) => boolean) | undefined
  readonly signal: AbortSignal | undefined
}

function resolveRouteOptions(options: RouteOptions): ResolvedRouteOptions {
  requirePlainObject('options', options)
  requireKnown('', options, Object.keys(OPTIONS))
  const { serveFrom = 'primary', isBad, signal } = options
  const { maxHops = 3, acquireWaitMs = 5_000, failoverWaitMs = 2_000 } = options
  requireOneOf('serveFrom', serveFrom, ['primary', 'holders'])
  requireWhole('maxHops', maxHops, 1, 16)
  requireWhole('acquireWaitMs', acquireWaitMs, 0, 600_000)
  requireWhole('failoverWaitMs', failoverWaitMs, 0, 600_000)
  if (isBad !== undefined) requireFunction('isBad', isBad)
  requireSignal('signal', signal)
  const role = serveFrom === 'primary' ? 'primary' : 'holder'
  return { role, maxHops, acquireWaitMs, failoverWaitMs, isBad, signal }
}
