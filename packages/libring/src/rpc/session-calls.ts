import type { RpcCommand } from './commands.ts'

/** A request that the agent has yet to answer, or whose records still come. */
export interface PendingCall {
  readonly seq: bigint
  /** The caller's number; `undefined` for requests that the session makes on its own. */
  readonly call: number | undefined
  readonly command: RpcCommand
  /** How long records come at most, once the answer was there. */
  readonly lastsMs: number
  phase: 'asked' | 'streaming'
  /** Nobody waits for it any more; what comes for it is read and dropped. */
  isAbandoned: boolean
}

/** Streams that were stopped, and of which a record may still be on its way. */
const RETIRED_MAX = 256

/** What a session knows of the numbers it gave out. */
export class SessionCalls {
  readonly #bySeq = new Map<bigint, PendingCall>()
  readonly #byCall = new Map<number, PendingCall>()
  readonly #retired = new Set<bigint>()
  #lastSeq = 0n

  /** Those whose number is still in use, abandoned ones included. */
  get size(): number {
    return this.#bySeq.size
  }

  add(command: RpcCommand, call: number | undefined, lastsMs: number): PendingCall {
    const seq = ++this.#lastSeq
    const pending = { seq, call, command, lastsMs, phase: 'asked', isAbandoned: false } as const
    const kept: PendingCall = { ...pending }
    this.#bySeq.set(seq, kept)
    if (call !== undefined) this.#byCall.set(call, kept)
    return kept
  }

  bySeq(seq: bigint): PendingCall | undefined {
    return this.#bySeq.get(seq)
  }

  byCall(call: number): PendingCall | undefined {
    return this.#byCall.get(call)
  }

  /** Nobody waits for it any more. */
  abandon(pending: PendingCall): void {
    pending.isAbandoned = true
    if (pending.call !== undefined) this.#byCall.delete(pending.call)
  }

  /** Nothing more will come for it. */
  remove(pending: PendingCall): void {
    this.#bySeq.delete(pending.seq)
    if (pending.call !== undefined) this.#byCall.delete(pending.call)
  }

  /** It was stopped; a last record may still come. */
  retire(pending: PendingCall): void {
    this.remove(pending)
    this.#retired.add(pending.seq)
    if (this.#retired.size <= RETIRED_MAX) return
    const [oldest] = this.#retired
    this.#retired.delete(oldest!)
  }

  isRetired(seq: bigint): boolean {
    return this.#retired.has(seq)
  }

  /** Every one that somebody waits for; none is left. */
  takeAwaited(): PendingCall[] {
    const awaited = [...this.#byCall.values()]
    this.#bySeq.clear()
    this.#byCall.clear()
    return awaited
  }
}
