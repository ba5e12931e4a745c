import { isNearer, type Cost, type Outcome } from './run.ts'
import { WORK_KINDS, type WorkKind } from './work.ts'

const MIB = 1_048_576

/** What came of many seeds. */
export class FuzzReport {
  readonly broken: number[] = []
  seeds = 0
  inputs = 0
  readonly #byKind = new Map<string, number>()
  readonly #faults = new Map<string, number>()
  readonly #most = new Map<WorkKind, Cost & { readonly seed: number }>()
  readonly #held = new Map<string, number>()
  readonly #heapAtFirst = heapMiB()

  add({ seed, inputs, faults, most, held, broken }: Outcome): void {
    this.seeds++
    if (broken !== undefined) this.broken.push(seed)
    for (const [kind, count] of inputs) {
      this.inputs += count
      addTo(this.#byKind, kind, count)
    }
    for (const [fault, count] of faults) addTo(this.#faults, fault, count)
    for (const [work, cost] of most) {
      if (isNearer(cost, this.#most.get(work))) this.#most.set(work, { ...cost, seed })
    }
    for (const [what, count] of Object.entries(held)) {
      this.#held.set(what, Math.max(count, this.#held.get(what) ?? 0))
    }
  }

  progress(): string {
    return `${this.inputs} inputs, ${this.broken.length} broken, heap ${heapMiB()} MiB`
  }

  lines(): readonly string[] {
    return [
      `${this.inputs} inputs in ${this.seeds} lives: ${textOf(this.#byKind)}`,
      `counted and dropped: ${textOf(this.#faults)}`,
      'most that one input cost, of what it may:',
      ...WORK_KINDS.map((work) => {
        const most = this.#most.get(work)
        if (most === undefined) return `  ${work}: none`
        const { spent, limit, kind, seed } = most
        return `  ${work}: ${spent} of ${limit}, a ${kind} of seed ${seed}`
      }),
      `most held after an input: ${textOf(this.#held)}`,
      `heap ${this.#heapAtFirst} MiB at first, ${heapMiB()} MiB at the end`,
      `broken: ${this.broken.length === 0 ? 'none' : this.broken.join(' ')}`,
    ]
  }
}

function addTo(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

function textOf(counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a)
  return rows.map(([what, count]) => `${count} ${what}`).join(', ')
}

/** After a collection, where the process was started with `--expose-gc`. */
function heapMiB(): number {
  globalThis.gc?.()
  return Math.round(process.memoryUsage().heapUsed / MIB)
}
