import { Counter, Gauge, type Registry } from 'prom-client'

/** One value of a metric, and the labels that tell it from its others. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric that is read when somebody asks for it, from counts that are kept elsewhere. */
export interface Reading<Source> {
  /** With its unit, and `_total` where it only grows. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  /** The names of its labels. Each takes few values, whatever the cluster does. */
  readonly labels?: readonly string[]
  readonly read: (source: Source) => number | readonly Sample[]
}

/** Have the registry ask `source` for each of them whenever it is asked itself. */
export function register<Source>(
  registry: Registry,
  readings: readonly Reading<Source>[],
  source: Source,
): void {
  for (const reading of readings) {
    const { name, help, labels = [] } = reading
    const setting = { name, help, labelNames: [...labels], registers: [registry] }
    const samples = (): readonly Sample[] => {
      const found = reading.read(source)
      return typeof found === 'number' ? [{ value: found }] : found
    }
    if (reading.type === 'gauge') {
      new Gauge({
        ...setting,
        collect() {
          this.reset()
          for (const sample of samples()) this.set(sample.labels ?? {}, sample.value)
        },
      })
    } else {
      new Counter({
        ...setting,
        // A counter of prom-client counts by itself; here it shows a count that is kept elsewhere.
        collect() {
          this.reset()
          for (const sample of samples()) this.inc(sample.labels ?? {}, sample.value)
        },
      })
    }
  }
}

/** One sample for each field of plain counts, under one label. */
export function byField(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([field, value]) => ({ labels: { [label]: field }, value }))
}
