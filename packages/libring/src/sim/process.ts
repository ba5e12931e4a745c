import { Fifo } from '../base/fifo.ts'
import type { Millis } from '../base/time.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { SimClock } from './clock.ts'

/** What Linux holds for a socket that nobody reads, datagrams and their book-keeping together. */
const DATAGRAM_BUFFER_BYTES = 212_992
const DATAGRAM_OVERHEAD_BYTES = 768

interface Due {
  /** `undefined` once called off, or done. */
  callback: (() => void) | undefined
}

interface Arrival {
  readonly datagramBytes: number
  readonly take: () => void
}

/**
 * One process of the world: whatever it does, it does in here.
 *
 * While it is paused nothing of it runs, though time goes on. Timers that fall due and whatever
 * arrives wait as they do in an operating system; once it goes on they come one by one, timers
 * before arrivals, as in Node.
 */
export class SimProcess implements Clock {
  readonly #world: SimClock
  #timers = new Fifo<Due>()
  #arrivals = new Fifo<Arrival>()
  #state: 'running' | 'paused' | 'catching up' | 'over' = 'running'
  #skewMs: number
  #bufferedBytes = 0

  /** @param skewMs how far its wall clock is ahead of the world's. */
  constructor(world: SimClock, skewMs = 0) {
    this.#world = world
    this.#skewMs = skewMs
  }

  get isPaused(): boolean {
    return this.#state === 'paused'
  }

  nowMs(): Millis {
    return this.#world.nowMs()
  }

  wallMs(): number {
    return this.#world.wallMs() + this.#skewMs
  }

  at(atMs: Millis, callback: () => void): Timer {
    const due: Due = { callback }
    const timer = this.#world.at(atMs, () => this.#fire(due))
    return {
      cancel: () => {
        due.callback = undefined
        timer.cancel()
      },
    }
  }

  /** Its wall clock is ahead of the world's by so much from now on. */
  skew(skewMs: number): void {
    this.#skewMs = skewMs
  }

  /** Something but a datagram has come for it. */
  arrive(take: () => void): void {
    if (this.#state === 'running') take()
    else if (this.#state !== 'over') this.#arrivals.push({ datagramBytes: 0, take })
  }

  /** A datagram has come for it. Whether there was room for it. */
  arriveDatagram(length: number, take: () => void): boolean {
    if (this.#state === 'running') {
      take()
      return true
    }
    const datagramBytes = length + DATAGRAM_OVERHEAD_BYTES
    if (this.#bufferedBytes + datagramBytes > DATAGRAM_BUFFER_BYTES) return false
    if (this.#state === 'over') return true
    this.#bufferedBytes += datagramBytes
    this.#arrivals.push({ datagramBytes, take })
    return true
  }

  pause(): void {
    if (this.#state === 'over') return
    this.#state = 'paused'
  }

  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'catching up'
    this.#catchUp()
  }

  /** Nothing of it runs any more, ever. */
  end(): void {
    this.#state = 'over'
    this.#timers = new Fifo()
    this.#arrivals = new Fifo()
  }

  #fire(due: Due): void {
    if (this.#state === 'running') runOnce(due)
    else if (this.#state !== 'over') this.#timers.push(due)
  }

  /** One thing that waits; then the next. What comes meanwhile waits behind it. */
  #catchUp(): void {
    if (this.#timers.size + this.#arrivals.size === 0) {
      this.#state = 'running'
      return
    }
    this.#world.after(0, () => {
      if (this.#state !== 'catching up') return
      const due = this.#timers.take()
      if (due === undefined) this.#takeArrival()
      else runOnce(due)
      if (this.#state === 'catching up') this.#catchUp()
    })
  }

  #takeArrival(): void {
    const arrival = this.#arrivals.take()
    this.#bufferedBytes -= arrival?.datagramBytes ?? 0
    arrival?.take()
  }
}

function runOnce(due: Due): void {
  const { callback } = due
  due.callback = undefined
  callback?.()
}
