import { Ring } from '../../../packages/libring/src/ring/ring.ts'
import { judgeAnswers, type Tenures } from './answers.ts'
import type { Told } from './member-process.ts'
import { endOf, lastSentAt, type Allowance, type Trouble } from './troubles.ts'
import type { Answer, Arrival, Sent } from './words.ts'

/** Everything that the processes of a rig told, and whether it is as promised. */
export class Evidence {
  readonly records: Sent[] = []
  readonly troubles: Trouble[] = []
  /** What was not as promised, however seldom. */
  readonly faults: string[] = []
  readonly tenures: Tenures = { primaries: new Map(), holders: new Map() }
  readonly #ring: Ring<{ readonly name: string }>
  readonly #allowance: Allowance
  readonly #maxHops: number
  /** By name of request and number of hops, where it arrived and what came of it. */
  readonly #arrivals = new Map<string, Map<number, string>>()
  #stalls = 0

  constructor(
    given: Allowance & {
      readonly partitions: number
      readonly maxHops: number
    },
  ) {
    this.#ring = new Ring([], { partitions: given.partitions })
    this.#allowance = given
    this.#maxHops = given.maxHops
  }

  get stalls(): number {
    return this.#stalls
  }

  partitionOf(key: string): number {
    return this.#ring.partitionForKey(key)
  }

  windowOf(trouble: Trouble): readonly [from: number, until: number] {
    return [trouble.from, endOf(trouble, this.#allowance)]
  }

  /** What a member says of itself. */
  hear(member: string, told: Told): void {
    switch (told.type) {
      case 'step':
        return this.#onStep(member, told)
      case 'arrivals':
        for (const arrival of told.arrivals) this.#onArrival(member, arrival)
        return
      case 'stalled':
        this.#stalls++
        return
      case 'heard':
        if (told.what === 'failed') this.#onFailed(member, told)
    }
  }

  /** The process of a member has ended without a word. */
  ended(member: string, at: number): void {
    for (const tenures of [this.tenures.primaries, this.tenures.holders]) {
      for (const tenure of [...tenures.values()].flat()) {
        if (tenure.member === member && tenure.until === Infinity) tenure.until = at
      }
    }
  }

  /** Every breach of what is promised, one line each; none when all is well. */
  verdict(): string[] {
    const faults = [...this.faults]
    for (const record of this.records) {
      const fault = this.#faultOf(record)
      if (fault !== undefined) faults.push(fault)
    }
    const answers = this.records.flatMap(({ answer, kind }) =>
      answer ? [{ ...answer, kind }] : [],
    )
    faults.push(...judgeAnswers(answers, this.tenures, this.troubles))
    return faults
  }

  /** The trouble for which a request may have failed. */
  excuseOf({ front, status, sentAt, doneAt }: Sent): Trouble | undefined {
    return this.troubles.find((trouble) => {
      const [from, until] = this.windowOf(trouble)
      // An address where nobody answers is for the client to leave.
      if (status === 0) {
        return trouble.host === front && doneAt >= from && sentAt <= Math.max(trouble.backAt, until)
      }
      if (trouble.host !== front && sentAt > lastSentAt(trouble, this.#allowance)) return false
      return doneAt >= from && doneAt <= until
    })
  }

  #faultOf(record: Sent): string | undefined {
    const { name, kind, front, status, code, answer, trouble } = record
    const what = `request ${name} (${kind}) by ${front} at ${record.sentAt.toFixed(0)}`
    if (answer !== undefined) return this.#wrongIn(what, record, answer)
    if (status !== 0 && code === undefined) return `${what}: ${status}, and no error of a router`
    if (this.excuseOf(record) !== undefined) return undefined
    const took = `after ${(record.doneAt - record.sentAt).toFixed(0)} ms`
    const way = [...(this.#arrivals.get(name) ?? [])].toSorted(([left], [right]) => left - right)
    const told = way.map(([, arrival]) => arrival).join(', ')
    return `${what}: ${status} ${code ?? trouble} ${took}, and nothing was wrong (${told})`
  }

  #wrongIn(what: string, { key }: Sent, answer: Answer): string | undefined {
    const partition = this.partitionOf(key)
    if (answer.partition !== partition) {
      return `${what}: answered for partition ${answer.partition}, not ${partition}`
    }
    if (answer.hops > this.#maxHops) return `${what}: was forwarded ${answer.hops} times`
    return undefined
  }

  #onStep(member: string, told: Extract<Told, { type: 'step' }>): void {
    const { at, partition, replica, token } = told
    const { primaries, holders } = this.tenures
    for (const tenure of primaries.get(partition) ?? []) {
      if (tenure.member === member && tenure.until === Infinity) tenure.until = at
    }
    if (replica === 0) {
      const all = primaries.get(partition) ?? []
      all.push({ member, from: at, until: Infinity, token: token! })
      primaries.set(partition, all)
    }
    const held = holders.get(partition) ?? []
    holders.set(partition, held)
    const open = held.find((tenure) => tenure.member === member && tenure.until === Infinity)
    if (replica === undefined && open !== undefined) open.until = at
    if (replica !== undefined && open === undefined) {
      held.push({ member, from: at, until: Infinity })
    }
  }

  #onArrival(member: string, [request, hop, status, standing]: Arrival): void {
    const arrivals = this.#arrivals.get(request) ?? new Map<number, string>()
    this.#arrivals.set(request, arrivals)
    if (hop > this.#maxHops) this.faults.push(`request ${request} was forwarded ${hop} times`)
    if (arrivals.has(hop)) this.faults.push(`request ${request} came in twice after ${hop} hops`)
    arrivals.set(hop, `${hop}: ${member} ${status} ${standing}`.trim())
  }

  #onFailed(observer: string, told: Extract<Told, { type: 'heard' }>): void {
    const { at, name } = told
    // Until it is back, all that is heard of its failure is of this one, however late.
    const known = this.troubles.findLast(
      (trouble) =>
        trouble.member === name &&
        at >= trouble.from &&
        (at <= trouble.backAt || at <= this.windowOf(trouble)[1]),
    )
    if (known !== undefined) return void known.heardAt.set(observer, at)
    const heardAt = new Map([[observer, at]])
    // Its address answers all the time.
    this.troubles.push({ kind: 'mistake', member: name, host: '', from: at, backAt: at, heardAt })
  }
}
