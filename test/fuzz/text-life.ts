import { utf8Encode } from '../../packages/libring/src/base/bytes.ts'
import { Credentials } from '../../packages/libring/src/http/credentials.ts'
import {
  decodeForwardMark,
  decodeRefusal,
  encodeForwardMark,
  encodeRefusal,
} from '../../packages/libring/src/routing/forward-mark.ts'
import { parseSnapshotLine } from '../../packages/libring/src/serf/snapshot-lines.ts'
import { Snapshot, SNAPSHOT_MEMBERS_MAX } from '../../packages/libring/src/serf/snapshot.ts'
import type { Dice } from './dice.ts'
import { demand, type Kind, type Life } from './life.ts'
import { mutate } from './mutate.ts'
import { meter, noWork } from './work.ts'

const LINES = [
  'alive: ann 127.0.0.1:7946',
  'alive: a b [::1]:7946',
  'not-alive: ann',
  'clock: 9223372036854775807',
  'event-clock: 18446744073709551615',
  'query-clock: 0',
  'leave',
  '# nothing',
  'coordinate: {"Vec":[0]}',
]

/** What is text on the way in: marks of forwarded requests, and the lines of a snapshot. */
export class TextLife implements Life {
  readonly #dice: Dice
  readonly #credentials = new Credentials(['a secret of some length, which nobody knows'])
  readonly #snapshot = new Snapshot({ rejoinAfterLeave: true })
  readonly #faults = new Map<string, number>()

  constructor(dice: Dice) {
    this.#dice = dice
  }

  step(): Kind {
    return this.#dice.oneIn(2) ? this.#readLine() : this.#readMark()
  }

  faults(): ReadonlyMap<string, number> {
    return this.#faults
  }

  held(): Readonly<Record<string, number>> {
    return { snapshotLines: this.#snapshot.lines().length }
  }

  #readLine(): Kind {
    const line = this.#broken(this.#dice.pick(LINES))
    meter.work = noWork()
    parseSnapshotLine(line)
    if (this.#snapshot.replay(line)) meter.work.messages++
    else this.#count('snapshot line')
    demand(this.#snapshot.lines().length <= SNAPSHOT_MEMBERS_MAX + 3, 'too many lines')
    return 'snapshot line'
  }

  #readMark(): Kind {
    const dice = this.#dice
    const mark = encodeForwardMark({
      partition: dice.pick([0, 17, 65_535]),
      role: dice.pick(['primary', 'holder']),
      configuration: '1a2b3c4d',
      hop: dice.pick([1, 2, 99]),
      tried: dice.several(20, () => dice.pick(['ann', 'b;b', 'é', 'n'.repeat(300)])),
      key: 'a2V5',
    })
    const refusal = encodeRefusal({ reason: 'not-owner', owner: dice.pick(['ann', undefined]) })
    const sent = dice.oneIn(2) ? this.#credentials.sign(mark, 'GET', '/') : mark
    const text = this.#broken(sent)
    const words = this.#broken(refusal)
    meter.work = noWork()
    const verified = this.#credentials.verify(text, 'GET', '/')
    demand(verified === undefined || sent.startsWith(verified), 'a forged mark was believed')
    const decoded = decodeForwardMark(text)
    if (decoded === undefined) this.#count('http mark')
    else demand(decoded.tried.length <= 16 && decoded.hop >= 1, 'a mark beyond its limits')
    if (decodeRefusal(words) === undefined) this.#count('http refusal')
    return 'http mark'
  }

  #broken(text: string): string {
    if (this.#dice.oneIn(3)) return text
    if (this.#dice.oneIn(30)) return text.repeat(40)
    return new TextDecoder().decode(mutate(this.#dice, utf8Encode(text), 5_000))
  }

  #count(fault: string): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1)
  }
}
