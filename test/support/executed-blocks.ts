import { Session, type Profiler } from 'node:inspector/promises'

/**
 * Counts what of the library is executed: every run of a block of its code, such as the body of a
 * loop, counts one. A measure of work that no clock has a part in. What the engine does by itself,
 * such as copying bytes, is not in it.
 *
 * To be started before the code runs for the first time: of functions that had been compiled before,
 * only calls are counted.
 */
export class ExecutedBlocks implements AsyncDisposable {
  readonly #session = new Session()

  static async start(): Promise<ExecutedBlocks> {
    const blocks = new ExecutedBlocks()
    blocks.#session.connect()
    await blocks.#session.post('Profiler.enable')
    await blocks.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    return blocks
  }

  /** How many blocks `act` executed. */
  async during(act: () => void): Promise<number> {
    await this.#session.post('Profiler.takePreciseCoverage')
    act()
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    return result.filter(isOurs).reduce((sum, script) => sum + blocksOf(script), 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.post('Profiler.stopPreciseCoverage')
    this.#session.disconnect()
  }
}

function isOurs({ url }: Profiler.ScriptCoverage): boolean {
  return url.includes('/packages/libring/src/')
}

function blocksOf({ functions }: Profiler.ScriptCoverage): number {
  const ranges = functions.flatMap((one) => one.ranges)
  return ranges.reduce((sum, { count }) => sum + count, 0)
}
