import { roleAfter } from '../../packages/libring/src/ownership/event.ts'
import type { Check, CheckFactory } from 'libring/sim'

/** What became of double holdings of index 0. */
export interface Doubles {
  /** A partition was taken while another member held it, as the two could not talk. */
  readonly begun: number
  /** Of these, the ones that still were when the two could talk again. */
  readonly met: number
  /** Of all, the ones that one of the two told of. */
  readonly told: number
  /** Of all, the ones that ended: one of the two let go, or its process was over. */
  readonly resolved: number
}

interface Double {
  readonly partition: number
  readonly names: readonly [string, string]
  isMet: boolean
  isTold: boolean
  isOver: boolean
}

/** Counts double holdings, and reports nothing. */
export class Tally {
  readonly #doubles: Double[] = []

  get counts(): Doubles {
    const count = (is: (double: Double) => boolean): number => this.#doubles.filter(is).length
    return {
      begun: this.#doubles.length,
      met: count(({ isMet }) => isMet),
      told: count(({ isTold }) => isTold),
      resolved: count(({ isOver }) => isOver),
    }
  }

  readonly check: CheckFactory = ({ ledger, hearing }): Check => {
    const doubles = this.#doubles
    const open = (): Double[] => doubles.filter(({ isOver }) => !isOver)
    const endAll = (name: string, partition?: number): void => {
      for (const double of open()) {
        if (partition !== undefined && double.partition !== partition) continue
        double.isOver ||= double.names.includes(name)
      }
    }
    return {
      onEnd: ({ name }) => endAll(name),
      onStep({ name }, event) {
        const { partition } = event
        if (roleAfter(event) !== 0) return endAll(name, partition)
        for (const other of ledger.primariesOf(partition)) {
          if (other === name) continue
          const names = [name, other] as const
          doubles.push({ partition, names, isMet: false, isTold: false, isOver: false })
        }
      },
      onNews({ name }, { type, event }) {
        if (type !== 'double-holder') return
        // Who has let go before it hears of the other tells of it all the same.
        for (const double of doubles) {
          const isIt = double.names.includes(name) && double.names.includes(event.member)
          double.isTold ||= isIt && event.partitions.includes(double.partition)
        }
      },
      onLook() {
        for (const double of open()) double.isMet ||= hearing.togetherForMs(...double.names) > 0
      },
    }
  }
}
