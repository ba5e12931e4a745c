import {
  fetch as undiciFetch,
  type RequestInit as UndiciRequestInit,
  type Response as UndiciResponse,
} from 'undici'
import { NotOwnerError, RoutingError } from '../base/errors.ts'
import { requireOneOf, requirePlainObject } from '../base/require.ts'
import type { Key } from '../ring/key-hash.ts'
import { BadAddresses } from '../routing/bad-addresses.ts'
import { decodeRefusal } from '../routing/forward-mark.ts'
import type { Reachable } from '../routing/itinerary.ts'
import { route, type RouteTarget } from '../routing/route.ts'
import { Credentials } from './credentials.ts'
import { resolveForwardOptions, type ForwardOptions, type ServeFrom } from './options.ts'
import { Pools } from './pools.ts'
import { FORWARD_HEADER } from './request-headers.ts'
import { REFUSAL_HEADER } from './response-headers.ts'
import type { RouterCluster } from './router.ts'

/** A request to the owner of a key. */
export interface RingRequestInit extends RequestInit {
  /** What the request is for. */
  readonly key: Key
  /** Who may answer it. @defaultValue `'primary'` */
  readonly serveFrom?: ServeFrom
}

/** Like `fetch`, to the owner of a key. */
export interface RingFetch extends AsyncDisposable {
  /**
   * @param path where at the owner, from `/` on.
   * @throws {RoutingError} when nobody serves the key, or can be reached, or the owner has failed.
   *   {ConfigMismatchError} while most members have another configuration. The reason of the signal,
   *   when it aborts.
   */
  (path: string, init: RingRequestInit): Promise<Response>
  /** Close all connections. What is under way breaks off; idempotent. */
  close(): Promise<void>
}

/**
 * A `fetch` that asks the owner of a key, over connections that are kept, and close when their
 * member leaves. Where the local member is the owner, it is asked at its own URL.
 *
 * A body that is a stream can be sent once; any other is sent again to a member that is named
 * instead of the one that was asked, or as long as nobody got anything of it.
 *
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 */
export function createFetch(cluster: RouterCluster, options: ForwardOptions = {}): RingFetch {
  const resolved = resolveForwardOptions(options)
  const { maxHops, acquireWaitMs, failoverWaitMs } = resolved
  const credentials = new Credentials(resolved.secrets)
  const badAddresses = new BadAddresses(resolved.badAddressMs)
  const pools = new Pools(resolved)
  const unsubscribe = cluster.on('member', (event) => pools.hear(event))
  const ask = async (
    { member, mark, partition }: RouteTarget,
    path: string,
    init: Omit<RingRequestInit, 'key' | 'serveFrom'>,
  ): Promise<Response> => {
    const asked = member ?? cluster.memberNamed(cluster.localName)
    if (asked?.url === undefined) {
      throw new RoutingError('LIBRING_NO_OWNER', 'the owner of the key has no URL', partition)
    }
    if (init.body instanceof ReadableStream && init.body.locked) {
      const message = 'the owner has changed while the body was sent'
      throw new RoutingError('LIBRING_NO_OWNER', message, partition)
    }
    const to = pools.of(asked as Reachable)
    const headers = new Headers(init.headers)
    headers.delete(FORWARD_HEADER)
    if (mark !== '') {
      const method = init.method?.toUpperCase() ?? 'GET'
      const { pathname, search } = new URL(to.origin + to.basePath + path)
      headers.set(FORWARD_HEADER, credentials.sign(mark, method, pathname + search))
    }
    try {
      const response = await undiciFetch(to.origin + to.basePath + path, {
        redirect: 'manual',
        ...(init as object as UndiciRequestInit),
        headers: [...headers],
        dispatcher: to.pool,
      })
      badAddresses.clear(asked.url)
      await throwRefusal(response)
      return ofThisNode(response)
    } catch (error) {
      throw reasonFor(error, partition, init, () =>
        badAddresses.note(asked.url!, performance.now()),
      )
    }
  }
  const close = async (): Promise<void> => {
    unsubscribe()
    await pools.destroy()
  }
  const ringFetch = async (path: string, given: RingRequestInit): Promise<Response> => {
    requirePlainObject('init', given)
    const { key, serveFrom = 'primary', ...init } = given
    requireOneOf('serveFrom', serveFrom, ['primary', 'holders'])
    const { signal } = init
    return await route(cluster, key, (target) => ask(target, path, init), {
      serveFrom,
      maxHops,
      acquireWaitMs,
      failoverWaitMs,
      ...(signal === undefined || signal === null ? {} : { signal }),
      isBad: ({ url }) => badAddresses.has(url, performance.now()),
    })
  }
  return Object.assign(ringFetch, { close, [Symbol.asyncDispose]: close })
}

/** The same as an instance of the `Response` that programs know: the package brings its own. */
function ofThisNode({ status, statusText, headers, body }: UndiciResponse): Response {
  const init = { status, statusText, headers: [...headers] }
  return new Response(status === 204 || status === 205 || status === 304 ? null : body, init)
}

/** @throws {NotOwnerError} where the member did not deal with the request, and says so. */
async function throwRefusal(response: UndiciResponse): Promise<void> {
  if (response.status !== 421) return
  const refusal = decodeRefusal(response.headers.get(REFUSAL_HEADER) ?? '')
  if (refusal === undefined) return
  await response.body?.cancel()
  throw new NotOwnerError(refusal.owner, refusal.isNext)
}

/** Before there is a connection, nobody can have got anything. */
const BEFORE_CONNECTION: readonly unknown[] = [
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]

function reasonFor(
  error: unknown,
  partition: number,
  { signal, body }: Omit<RingRequestInit, 'key' | 'serveFrom'>,
  onUnreachable: () => void,
): unknown {
  if (error instanceof NotOwnerError || error instanceof RoutingError) return error
  if (signal?.aborted === true) return signal.reason
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const options = { cause: error }
  if (BEFORE_CONNECTION.includes(code)) {
    onUnreachable()
    const canRepeat = !(body instanceof ReadableStream)
    if (canRepeat) {
      const message = 'the owner of the key cannot be reached'
      return new RoutingError('LIBRING_OWNER_UNREACHABLE', message, partition, options)
    }
  }
  const isLate = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
  return isLate
    ? new RoutingError('LIBRING_OWNER_TIMEOUT', 'the owner did not answer', partition, options)
    : new RoutingError('LIBRING_OWNER_FAILED', 'the owner broke off', partition, options)
}
