import type { ServerResponse } from 'node:http'
import { forward } from './forward.ts'
import type { Means } from './means.ts'
import { answer, outcomeOf, type Outcome } from './outcome.ts'
import { Passage, type Despatch, type Errand } from './passage.ts'
import { RequestBody } from './request-body.ts'
import { hasBody, requestHeaders } from './request-headers.ts'
import type { RouterOptions } from './options.ts'
import { Service } from './serve-context.ts'

/** Whether whoever asks waits for a word before it sends the body. */
export type Expectation = 'continue' | 'none'

/** One HTTP request on its way. */
export class RequestPassage extends Passage {
  readonly #response: ServerResponse
  readonly #serve: RouterOptions['serve']
  readonly #expectation: Expectation
  #service: Service | undefined
  #body: RequestBody | undefined
  /** Ends the exchange with the member that is being asked. */
  #abort: (() => void) | undefined
  #headers: string[] | undefined

  constructor(
    means: Means,
    errand: Errand,
    response: ServerResponse,
    serve: RouterOptions['serve'],
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
    if (this.#body === undefined && hasBody(request)) {
      if (request.readableDidRead) return this.#onThrown(new Error(BODY_TAKEN))
      this.#body = new RequestBody(request, options.repeatBytesMax, () => {
        if (this.#expectation === 'continue') this.#response.writeContinue()
      })
    }
    const body = this.#body
    this.#abort = forward({
      request,
      response: this.#response,
      to,
      path,
      mark,
      headers: this.#headers,
      body: body?.attempt(),
      connections: options,
      observer: {
        onAnswer: () => {
          this.means.stats.forwarded++
          this.means.badAddresses.clear(member.url)
        },
        onRefused: (refusal) => {
          if (body?.isRepeatable === false) this.failBy('LIBRING_NO_OWNER', BODY_GONE)
          else this.refused(member, refusal)
        },
        onUnreachable: () => this.unreachable(member),
        onFailed: (code) => this.failBy(code),
      },
    })
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
    if (!isWhole) this.#abort?.()
  }
}

const BODY_TAKEN =
  'the body was read before the router: put the router before whatever reads bodies'
const BODY_GONE = 'the owner has changed while the body was sent'

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
