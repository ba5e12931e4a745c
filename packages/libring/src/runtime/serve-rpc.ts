import { arch, availableParallelism, platform } from 'node:os'
import { OptionError } from '../base/errors.ts'
import {
  requireFunction,
  requireKnown,
  requireMethods,
  requirePlainObject,
} from '../base/require.ts'
import { guardedLogger, LOGGER_METHODS, SILENT } from '../gossip/guarded-logger.ts'
import { requireIpAndPort } from '../gossip/options.ts'
import type { Logger } from '../ports/logger.ts'
import { DEFAULT_RPC_PORT } from '../rpc/commands.ts'
import { LogTail } from '../serving/log-tail.ts'
import { RpcServer } from '../serving/rpc-server.ts'
import type { ServedNode } from '../serving/served-node.ts'
import { SystemClock } from './system-clock.ts'
import { TcpListener } from './tcp-listener.ts'

/** Most clients at a time. */
const CLIENTS_MAX = 1_024

export interface ServeRpcOptions {
  /**
   * The IP address, and the port if it is another than an agent's, to take commands at. Whoever
   * reaches it commands the node, unless there is an `authKey`.
   *
   * @defaultValue `'127.0.0.1:7373'`
   */
  readonly rpcAddress?: string
  /**
   * What clients have to show first, as `serf -rpc-auth`.
   *
   * @defaultValue none
   */
  readonly authKey?: string
  /**
   * What `serf monitor` shows: give the same to the node as its `logger`.
   *
   * @defaultValue nothing is shown
   */
  readonly log?: LogTail
  /**
   * What `serf info` shows of scripts that run for what the node tells: by what each runs for, in an
   * agent's words: `member-join:`, `user:deploy`, `*:`.
   *
   * @defaultValue none
   */
  readonly eventHandlers?: () => Readonly<Record<string, string>>
  /** Called when a client has had the node leave, and was told so. */
  readonly onLeft?: () => void
  /** @defaultValue nobody hears */
  readonly logger?: Logger
}

/**
 * Take the commands of Serf's RPC for a node: the stock `serf` command line, and every client of
 * agents, works with it. Resolves once it listens.
 *
 * @throws {OptionError} naming the first option that is unknown or malformed.
 * @throws {BindError} when the address cannot be bound.
 * @see Serf's RPC, version 1.
 */
export async function serveRpc(
  node: ServedNode,
  options: ServeRpcOptions = {},
): Promise<RpcServer> {
  requirePlainObject('options', options)
  requireKnown('', options, ['rpcAddress', 'authKey', 'log', 'eventHandlers', 'onLeft', 'logger'])
  const {
    rpcAddress = '127.0.0.1',
    authKey = '',
    log,
    eventHandlers = () => ({}),
    onLeft = () => {},
    logger = SILENT,
  } = options
  if (typeof authKey !== 'string') throw new OptionError('authKey', 'text', typeof authKey)
  if (log !== undefined && !(log instanceof LogTail)) {
    throw new OptionError('log', 'a log made by logTail', log)
  }
  requireFunction('eventHandlers', eventHandlers)
  requireFunction('onLeft', onLeft)
  requireMethods('logger', logger, LOGGER_METHODS)
  const address = requireIpAndPort('rpcAddress', rpcAddress, DEFAULT_RPC_PORT)
  const server = new RpcServer({
    node,
    host: {
      os: platform(),
      arch: arch(),
      version: process.version,
      max_procs: String(availableParallelism()),
      cpu_count: String(availableParallelism()),
    },
    eventHandlers,
    authKey,
    listener: new TcpListener(address, CLIENTS_MAX),
    clock: new SystemClock(),
    logger: guardedLogger(logger),
    logTail: log,
    onLeft,
  })
  await server.open()
  return server
}

/** A logger whose last 512 lines `serf monitor` shows, and that passes everything on to `next`. */
export function logTail(next: Logger = SILENT): LogTail {
  requireMethods('next', next, LOGGER_METHODS)
  return new LogTail(stamp, guardedLogger(next))
}

/** As Go's loggers have it, in UTC. */
function stamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')
}
