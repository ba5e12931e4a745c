import { lookup, Resolver as NameServers, type SrvRecord } from 'node:dns'
import { canonicalIp, isServiceName, type HostAndPort } from '../base/address.ts'
import { Fifo } from '../base/fifo.ts'
import type { Resolution, Resolver } from '../ports/resolver.ts'

/**
 * Most lookups of hosts at a time. Node has half its four threads do them, for the whole process, and
 * all others wait: whatever else is looked up would do so until the last of ours is over. Like this it
 * waits for one of ours at most.
 */
const LOOKUPS_MAX = 2

/** Most hosts of one service that are looked up: the first by priority. */
const TARGETS_MAX = 64

/** How long a name server has to tell of a service, each time it is asked. */
const SERVICE_TIMEOUT_MS = 5_000
const SERVICE_TRIES = 2

/**
 * Names as the operating system resolves them: hosts file, search domains, DNS; and names of
 * services by DNS alone.
 *
 * A lookup under way cannot be called off, and keeps the process alive until the system's
 * own timeout.
 */
export class SystemResolver implements Resolver {
  readonly #servers: readonly string[] | undefined
  readonly #lookups: Lookups

  /**
   * @param servers name servers to ask for services, `address:port`, in place of the system's.
   * @param lookUp how a host is looked up.
   */
  constructor(servers?: readonly string[], lookUp: LookUp = bySystem) {
    this.#servers = servers
    this.#lookups = new Lookups(lookUp)
  }

  resolve(name: string, onResult: (resolution: Resolution) => void): void {
    if (isServiceName(name)) this.#resolveService(name, onResult)
    else resolveHost(name, this.#lookups, onResult)
  }

  #resolveService(name: string, onResult: (resolution: Resolution) => void): void {
    const servers = new NameServers({ timeout: SERVICE_TIMEOUT_MS, tries: SERVICE_TRIES })
    if (this.#servers !== undefined) servers.setServers(this.#servers)
    servers.resolveSrv(name, (error, records) => {
      if (error !== null) onResult({ error })
      else resolveTargets(name, records, this.#lookups, onResult)
    })
  }
}

/** Every address of a host. The answer never comes within the call. */
export type LookUp = (
  name: string,
  onFound: (error: Error | null, found: readonly { readonly address: string }[]) => void,
) => void

function bySystem(...[name, onFound]: Parameters<LookUp>): void {
  lookup(name, { all: true, verbatim: true }, onFound)
}

/** Lookups of hosts, a few at a time and the others in line; one for all who ask for a name meanwhile. */
class Lookups {
  readonly #lookUp: LookUp
  readonly #waiting = new Fifo<string>()
  readonly #askers = new Map<string, Parameters<LookUp>[1][]>()
  #running = 0

  constructor(lookUp: LookUp) {
    this.#lookUp = lookUp
  }

  add(...[name, onFound]: Parameters<LookUp>): void {
    const askers = this.#askers.get(name)
    if (askers !== undefined) return void askers.push(onFound)
    this.#askers.set(name, [onFound])
    this.#waiting.push(name)
    this.#begin()
  }

  #begin(): void {
    const name = this.#running < LOOKUPS_MAX ? this.#waiting.take() : undefined
    if (name === undefined) return
    this.#running++
    this.#lookUp(name, (error, found) => {
      const askers = this.#askers.get(name) ?? []
      this.#askers.delete(name)
      this.#running--
      this.#begin()
      for (const onFound of askers) onFound(error, found)
    })
  }
}

function resolveHost(
  name: string,
  lookups: Lookups,
  onResult: (resolution: Resolution) => void,
): void {
  const ip = canonicalIp(name)
  if (ip !== undefined) {
    queueMicrotask(() => onResult({ addresses: [{ host: ip, port: undefined }] }))
    return
  }
  lookups.add(name, (error, found) => {
    if (error !== null) return onResult({ error })
    const hosts = new Set<string>()
    for (const { address } of found) {
      // A scoped IPv6 address (fe80::1%eth0) means nothing to another machine.
      const canonical = canonicalIp(address)
      if (canonical !== undefined) hosts.add(canonical)
    }
    if (hosts.size === 0) return onResult({ error: new Error(`${name} has no address`) })
    onResult({ addresses: [...hosts].map((host) => ({ host, port: undefined })) })
  })
}

/** One host that cannot be resolved does not keep the others from being found. */
function resolveTargets(
  name: string,
  records: readonly SrvRecord[],
  lookups: Lookups,
  onResult: (resolution: Resolution) => void,
): void {
  // A single dot says that the service is not offered.
  const offered = records.filter((record) => record.name !== '' && record.port > 0)
  const targets = offered.toSorted((a, b) => a.priority - b.priority).slice(0, TARGETS_MAX)
  const addresses: HostAndPort[] = []
  const reasons: string[] = []
  let missing = targets.length
  const finish = (): void => {
    if (addresses.length > 0) return onResult({ addresses })
    const why = reasons[0] ?? 'nobody offers it'
    onResult({ error: new Error(`${name} leads to no address: ${why}`) })
  }
  if (missing === 0) return finish()
  for (const target of targets) {
    resolveHost(target.name, lookups, (resolution) => {
      const { port } = target
      if ('error' in resolution) reasons.push(resolution.error.message)
      else addresses.push(...resolution.addresses.map(({ host }) => ({ host, port })))
      if (--missing === 0) finish()
    })
  }
}
