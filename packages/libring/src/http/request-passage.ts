import type { ServerResponse } from 'node:http'
import type { Refusal } from '../routing/forward-mark.ts'
import type { Reachable } from '../routing/itinerary.ts'
import { forward, type Exchange, type FailureCode, type ForwardObserver } from './forward.ts'
import type { Means } from './means.ts'
import { answer, outcomeOf, type Outcome } from './outcome.ts'
import { Passage, type Despatch, type Errand } from './passage.ts'
import { RequestBody } from './request-body.ts'
import { requestHeaders } from './request-headers.ts'
import type { ResolvedRouterOptions } from './options.ts'
import { Service } from './serve-context.ts'

/** Whether whoever asks waits for a word before it sends the body. */
export type Expectation = 'continue' | 'none'

/** One HTTP request on its way. */
export class RequestPassage extends Passage implements ForwardObserver {
  readonly #response: ServerResponse
  readonly #serve: ResolvedRouterOptions['serve']
  readonly #expectation: Expectation
  #service: Service | undefined
  #body: RequestBody | undefined
  /** The member that is being asked, and the exchange with it. */
  #member: Reachable | undefined
  #exchange: Exchange | undefined
  #headers: string[] | undefined

  constructor(
    means: Means,
    errand: Errand,
    response: ServerResponse,
    serve: ResolvedRouterOptions['serve'],
    expectation: Expectation,
  ) {
    super(means, errand)
    this.#response = response
    this.#serve = serve
    this.#expectation = expectation
    means.stats.inFlight++
    response.on('close', () => this.#onClose())
  }

  protected override serve(): void {
    const { cluster, inFlight, stats } = this.means
    const { partition, request, mark } = this.errand
    const service = new Service(this.errand, cluster.held(partition), 'go on')
    this.#service = service
    inFlight.add(partition, service)
    if (mark === undefined) stats.served++
    else stats.servedForwarded++
    if (this.#expectation === 'continue') this.#response.writeContinue()
    try {
      const outcome: unknown = this.#serve(request, this.#response, service)
      if (isThenable(outcome)) outcome.then(undefined, (error: unknown) => this.#onThrown(error))
    } catch (error) {
      this.#onThrown(error)
    }
  }

  protected override send({ member, to, path, mark }: Despatch): void {
    const { request } = this.errand
    const { options } = this.means
    this.#headers ??= requestHeaders(request, options.trustForwarded ? 'append' : 'replace')
    if (this.#body === undefined && this.errand.hasBody) {
      if (request.readableDidRead) return this.#onThrown(new Error(BODY_TAKEN))
      this.#body = new RequestBody(request, options.repeatBytesMax, () => {
        if (this.#expectation === 'continue') this.#response.writeContinue()
      })
    }
    this.#member = member
    this.#exchange = forward({
      request,
      response: this.#response,
      to,
      path,
      mark,
      headers: this.#headers,
      body: this.#body?.attempt(),
      connections: options,
      observer: this,
    })
  }

  onAnswer(): void {
    this.means.stats.forwarded++
    this.means.badAddresses.clear(this.#member!.url)
  }

  onRefused(refusal: Refusal): void {
    if (this.#body?.isRepeatable === false) this.failBy('LIBRING_NO_OWNER', BODY_GONE)
    else this.refused(this.#member!, refusal)
  }

  onUnreachable(): void {
    this.unreachable(this.#member!)
  }

  onFailed(code: FailureCode): void {
    this.failBy(code)
  }

  protected override fail(outcome: Outcome): void {
    this.means.stats[outcome.counter]++
    answer(this.#response, outcome)
  }

  #onThrown(error: unknown): void {
    const { options, stats } = this.means
    // Whoever reads from one that is gone fails, and nobody waits for it.
    if (this.errand.request.socket.destroyed) return
    stats.failed++
    if (!this.#response.writableEnded) {
      answer(this.#response, outcomeOf('LIBRING_SERVE_FAILED', 'the request failed'))
    }
    options.onError(error, this.errand.request)
  }

  #onClose(): void {
    const { stats, inFlight } = this.means
    stats.inFlight--
    const isWhole = this.#response.writableFinished
    if (!isWhole) stats.abandoned++
    if (this.#service !== undefined) {
      if (!isWhole) this.#service.abort('whoever asked is gone')
      inFlight.remove(this.errand.partition, this.#service)
    }
    this.abandon()
    if (!isWhole) this.#exchange?.abort()
  }
}

const BODY_TAKEN =
  'the body was read before the router: put the router before whatever reads bodies'
const BODY_GONE = 'the owner has changed while the body was sent'

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
