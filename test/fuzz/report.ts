import type { Kind } from './life.ts'
import { LIMITS } from './limits.ts'
import type { Outcome } from './run.ts'
import { noWork, WORK_KINDS, type WorkKind } from './work.ts'

const MIB = 1_048_576

/** What came of many seeds. */
export class FuzzReport {
  readonly broken: number[] = []
  seeds = 0
  inputs = 0
  readonly #byKind = new Map<string, number>()
  readonly #faults = new Map<string, number>()
  readonly #most = noWork()
  readonly #mostBy = new Map<WorkKind, { readonly seed: number; readonly kind: Kind | undefined }>()
  readonly #held = new Map<string, number>()
  readonly #heapAtFirst = heapMiB()

  add({ seed, inputs, faults, most, mostBy, held, broken }: Outcome): void {
    this.seeds++
    if (broken !== undefined) this.broken.push(seed)
    for (const [kind, count] of inputs) {
      this.inputs += count
      addTo(this.#byKind, kind, count)
    }
    for (const [fault, count] of faults) addTo(this.#faults, fault, count)
    for (const work of WORK_KINDS) {
      if (most[work] <= this.#most[work]) continue
      this.#most[work] = most[work]
      this.#mostBy.set(work, { seed, kind: mostBy.get(work) })
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
      'most that one input cost:',
      ...WORK_KINDS.map((work) => {
        const by = this.#mostBy.get(work)
        const where = by === undefined ? '' : `, a ${by.kind} of seed ${by.seed}`
        return `  ${work}: ${this.#most[work]} of ${LIMITS[work]}${where}`
      }),
      `most held at the end of a life: ${textOf(this.#held)}`,
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
