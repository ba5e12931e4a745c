import type { Duplex } from 'node:stream'
import { STATUS_CODES } from 'node:http'
import type { Dispatcher } from 'undici'
import { isUnsendable, type FailureCode } from './forward.ts'
import type { Means } from './means.ts'
import { answerUpgrade, type Outcome } from './outcome.ts'
import { Passage, type Despatch, type Errand } from './passage.ts'
import { FORWARD_HEADER, requestHeaders } from './request-headers.ts'
import { refusalIn, responseHeaders } from './response-headers.ts'
import { Service } from './serve-context.ts'
import { joinSockets } from './join-sockets.ts'

/** One connection that asks for another protocol, on its way. */
export class UpgradePassage extends Passage {
  readonly #socket: Duplex
  readonly #head: Buffer
  #service: Service | undefined
  #abort: (() => void) | undefined
  #upstream: Duplex | undefined

  constructor(means: Means, errand: Errand, socket: Duplex, head: Buffer) {
    super(means, errand)
    this.#socket = socket
    this.#head = head
    means.stats.upgrades++
    // Whatever breaks it closes it.
    socket.on('error', () => {})
    socket.on('close', () => this.#onClose())
  }

  protected override serve(): void {
    const { cluster, inFlight, stats, options } = this.means
    const { partition, request } = this.errand
    const { serveUpgrade } = options
    if (serveUpgrade === undefined) {
      return this.failBy('LIBRING_REQUEST_INVALID', 'no other protocol is served here')
    }
    const service = new Service(this.errand, cluster.held(partition), 'abort', () => {
      this.#socket.destroy()
    })
    this.#service = service
    inFlight.add(partition, service)
    stats.upgradesServed++
    try {
      const outcome: unknown = serveUpgrade(request, this.#socket, this.#head, service)
      Promise.resolve(outcome).catch((error: unknown) => this.#onThrown(error))
    } catch (error) {
      this.#onThrown(error)
    }
  }

  protected override send(despatch: Despatch): void {
    const { member, to, path, mark } = despatch
    const { request } = this.errand
    const { options, stats, badAddresses } = this.means
    const headers = requestHeaders(request, options.trustForwarded ? 'append' : 'replace')
    const exchange = new UpgradeExchange(this.#socket, {
      onUpgraded: (upstream) => {
        stats.upgradesForwarded++
        badAddresses.clear(member.url)
        this.#upstream = upstream
        to.upgraded.add(upstream)
        upstream.once('close', () => to.upgraded.delete(upstream))
        if (this.#head.length > 0) upstream.write(this.#head)
        joinSockets(this.#socket, upstream)
      },
      onRefused: (refusal) => this.refused(member, refusal),
      onUnreachable: () => this.unreachable(member),
      onFailed: (code) => this.failBy(code),
    })
    this.#abort = () => exchange.abort()
    to.pool.dispatch(
      {
        origin: to.origin,
        path,
        method: request.method as Dispatcher.HttpMethod,
        upgrade: request.headers.upgrade ?? '',
        headers: [...headers, FORWARD_HEADER, mark],
        ...(to.servername === undefined ? {} : { servername: to.servername }),
      } as Dispatcher.DispatchOptions,
      exchange,
    )
  }

  protected override fail(outcome: Outcome): void {
    this.means.stats[outcome.counter]++
    answerUpgrade(this.#socket, outcome)
  }

  #onThrown(error: unknown): void {
    const { options, stats } = this.means
    stats.failed++
    this.#socket.destroy()
    options.onError(error, this.errand.request)
  }

  #onClose(): void {
    const { stats, inFlight } = this.means
    stats.upgrades--
    if (this.#service !== undefined) {
      this.#service.abort('whoever asked is gone')
      inFlight.remove(this.errand.partition, this.#service)
    }
    this.abandon()
    if (this.#upstream === undefined) this.#abort?.()
  }
}

interface UpgradeObserver {
  onUpgraded(upstream: Duplex): void
  onRefused(refusal: ReturnType<typeof refusalIn> & object): void
  onUnreachable(): void
  onFailed(code: FailureCode): void
}

/** The answer of a member to a connection that asks for another protocol. */
class UpgradeExchange implements Dispatcher.DispatchHandler {
  readonly #socket: Duplex
  readonly #observer: UpgradeObserver
  #abort: (() => void) | undefined
  #isAborted = false
  #refusal: ReturnType<typeof refusalIn>
  #hasAnswer = false

  constructor(socket: Duplex, observer: UpgradeObserver) {
    this.#socket = socket
    this.#observer = observer
  }

  abort(): void {
    this.#isAborted = true
    this.#abort?.()
  }

  onConnect(abort: () => void): void {
    this.#abort = abort
    if (this.#isAborted) abort()
  }

  onUpgrade(status: number, raw: Buffer[] | string[] | null, upstream: Duplex): void {
    if (this.#isAborted) return void upstream.destroy()
    const fields = responseHeaders(raw as Buffer[])
    fields.push('connection', 'upgrade', 'upgrade', fieldOf(raw as Buffer[], 'upgrade'))
    this.#socket.write(headOf(status, fields))
    this.#observer.onUpgraded(upstream)
  }

  /** It does not change the protocol, but answers. */
  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    if (status < 200) return true
    if (status === 421) this.#refusal = refusalIn(raw)
    if (this.#refusal !== undefined) return true
    this.#hasAnswer = true
    this.#socket.write(headOf(status, [...responseHeaders(raw), 'connection', 'close']))
    this.#socket.on('drain', resume)
    return true
  }

  onData(chunk: Buffer): boolean {
    return this.#refusal !== undefined || this.#socket.write(chunk)
  }

  onComplete(): void {
    if (this.#refusal !== undefined) this.#observer.onRefused(this.#refusal)
    else this.#socket.end()
  }

  onError(error: Error): void {
    if (this.#isAborted) return
    if (this.#hasAnswer) this.#socket.destroy()
    else if (isUnsendable(error)) this.#observer.onFailed('LIBRING_REQUEST_INVALID')
    else if (this.#abort === undefined) this.#observer.onUnreachable()
    else this.#observer.onFailed('LIBRING_OWNER_FAILED')
  }
}

function headOf(status: number, fields: readonly string[]): string {
  const lines = fields.map((field, at) => (at % 2 === 0 ? `${field}: ` : `${field}\r\n`))
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`
}

function fieldOf(raw: readonly Buffer[], wanted: string): string {
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]!.toString('latin1').toLowerCase() === wanted) return raw[at + 1]!.toString('latin1')
  }
  return ''
}
