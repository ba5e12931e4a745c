/** How many of a kind were as they should not be. */
export interface Count {
  readonly bad: number
  readonly of: number
}

/** What was measured of one side. */
export interface Figures {
  /** By name: one number for each trial. */
  series: Record<string, number[]>
  counts: Record<string, Count>
}

/** Where measures write down what they found. */
export class Ledger {
  readonly figures: Figures = { series: {}, counts: {} }

  add(series: string, value: number): void {
    // Traffic is compared to a fiftieth, and is some two packets a second.
    ;(this.figures.series[series] ??= []).push(Math.round(value * 1_000) / 1_000)
  }

  count(name: string, bad: number, of: number): void {
    const before = this.figures.counts[name] ?? { bad: 0, of: 0 }
    this.figures.counts[name] = { bad: before.bad + bad, of: before.of + of }
  }
}
