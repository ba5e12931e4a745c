import { requireKnown, requireMethods, requirePlainObject, requireSignal } from '../base/require.ts'
import {
  resolveRpcOptions,
  resolveSerfAgentOptions,
  type RpcOptions,
  type SerfAgentOptions,
} from '../attach/options.ts'
import { RpcClient } from '../attach/rpc-client.ts'
import { RpcConnection } from '../attach/rpc-connection.ts'
import { SerfAgent } from '../attach/serf-agent.ts'
import { guardedLogger, LOGGER_METHODS, SILENT } from '../gossip/guarded-logger.ts'
import type { GossipEnvironment } from './gossip.ts'
import { SocketDialer } from './dialer.ts'
import { unforeseenRandom } from './random.ts'
import { SystemResolver } from './resolver.ts'
import { SystemClock } from './system-clock.ts'

/**
 * Who is there, as a Serf agent tells that runs on this host or elsewhere, over its RPC. For
 * routers and observers: a cluster over it sees who holds what, and holds nothing itself, because
 * the agent outlives the program. Nothing is opened before `start`.
 *
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 */
export function serfAgent(
  options: SerfAgentOptions = {},
  environment: GossipEnvironment = {},
): SerfAgent {
  requirePlainObject('environment', environment)
  requireKnown('environment.', environment, ['logger'])
  const { logger = SILENT } = environment
  requireMethods('environment.logger', logger, LOGGER_METHODS)
  return new SerfAgent(resolveSerfAgentOptions(options), {
    clock: new SystemClock(),
    dialer: new SocketDialer(),
    resolver: new SystemResolver(),
    random: unforeseenRandom(),
    logger: guardedLogger(logger),
  })
}

export interface ConnectRpcOptions extends RpcOptions {
  /** Gives up connecting. Does nothing once connected. */
  readonly signal?: AbortSignal
}

/**
 * Connect to a Serf agent, to have it do things. Tries once; resolves when it takes commands.
 *
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 *   {RpcError} `LIBRING_RPC_UNREACHABLE`, `LIBRING_RPC_AUTH_REFUSED` or `LIBRING_RPC_UNSUPPORTED`.
 *   The reason of the signal.
 */
export async function connectRpc(options: ConnectRpcOptions = {}): Promise<RpcClient> {
  requirePlainObject('options', options)
  const { signal, ...rpc } = options
  requireSignal('signal', signal)
  const connection = new RpcConnection(resolveRpcOptions(rpc), {
    clock: new SystemClock(),
    dialer: new SocketDialer(),
    resolver: new SystemResolver(),
  })
  signal?.throwIfAborted()
  const onAbort = (): void => connection.close()
  signal?.addEventListener('abort', onAbort)
  try {
    await connection.open()
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
  return new RpcClient(connection)
}
