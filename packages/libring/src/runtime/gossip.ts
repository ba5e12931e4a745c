import { hostname } from 'node:os'
import { requireKnown, requireMethods, requirePlainObject } from '../base/require.ts'
import { GossipNode } from '../gossip/gossip-node.ts'
import { guardedLogger, LOGGER_METHODS, SILENT } from '../gossip/guarded-logger.ts'
import {
  resolveGossipOptions,
  type GossipOptions,
  type ResolvedGossipOptions,
} from '../gossip/options.ts'
import { securityOf } from '../gossip/security-options.ts'
import type { Logger } from '../ports/logger.ts'
import { rehearse } from '../serf/rehearsal.ts'
import { detectAdvertiseHost, interfaceHost } from './addresses.ts'
import { systemCipher } from './cipher.ts'
import { unforeseenRandom } from './random.ts'
import { SystemResolver } from './resolver.ts'
import { SystemClock } from './system-clock.ts'
import { SocketTransport } from './transport.ts'
import { FileStore } from './file-store.ts'
import { KeyringFile } from './keyring-file.ts'

/** What a node uses that is no option of the protocol. */
export interface GossipEnvironment {
  /**
   * Who hears what becomes of the node: four methods, `debug`, `info`, `warn` and `error`, as `console`
   * and pino have them. What it throws is swallowed.
   *
   * @defaultValue nobody
   */
  readonly logger?: Logger
}

/**
 * A gossip node over real sockets, clock and name service. Nothing is opened before `start`.
 *
 * @throws {OptionError} naming the first option that is unknown, malformed or out of range.
 * @throws {FileError} naming the keyring file and what is wrong with it.
 */
export function createGossipNode(
  options: GossipOptions = {},
  environment: GossipEnvironment = {},
): GossipNode {
  requirePlainObject('environment', environment)
  requireKnown('environment.', environment, ['logger'])
  const { logger = SILENT } = environment
  requireMethods('environment.logger', logger, LOGGER_METHODS)
  const heard = guardedLogger(logger)
  const resolved = resolveGossipOptions(options, {
    hostName: hostname,
    advertiseHost: detectAdvertiseHost,
    interfaceHost,
    readKeyring: (path) => new KeyringFile(path).load(),
  })
  if (resolved.rehearsal) rehearseOnce(resolved, heard)
  const { snapshotPath } = resolved
  const { keyringFile } = options
  return new GossipNode({
    options: resolved,
    keyStore: keyringFile === undefined ? undefined : new KeyringFile(keyringFile),
    store: snapshotPath === undefined ? undefined : new FileStore(snapshotPath),
    transport: new SocketTransport(resolved.bind),
    clock: new SystemClock(),
    random: unforeseenRandom(),
    resolver: new SystemResolver(),
    cipher: systemCipher,
    logger: heard,
  })
}

/** What V8 has compiled is there for every node of the process. */
let isRehearsed = false

function rehearseOnce(
  { swim, serf, coordinates, security }: ResolvedGossipOptions,
  logger: Logger,
): void {
  if (isRehearsed) return
  isRehearsed = true
  rehearse({ swim, serf, coordinates, security: securityOf(security, systemCipher) })
  logger.debug('rehearsed')
}
