import type { Consumer, ConsumerStep } from '../consumers/consumer.ts'
import { runScript, type ScriptEnvironment } from './run-script.ts'
import { isMeant, type HandlerSpec } from './spec.ts'

/** Scripts as the consumer of an agent: the end of a script with status 0 acknowledges the step. */
export class ScriptConsumer implements Consumer {
  readonly #specs: readonly HandlerSpec[]
  readonly #self: () => ScriptEnvironment

  /** @param self what scripts are told of the member. */
  constructor(specs: readonly HandlerSpec[], self: () => ScriptEnvironment) {
    this.#specs = specs
    this.#self = self
  }

  async take(step: ConsumerStep, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const type = `partition-${step.type}` as const
    const environment = { ...this.#self(), SERF_EVENT: type, ...stepEnvironment(step) }
    const input = step.state ?? new Uint8Array(0)
    for (const spec of this.#specs) {
      if (!isMeant(spec, type)) continue
      const { status } = await runScript(spec.script, environment, input, signal)
      signal.throwIfAborted()
      if (status !== 0) throw new Error(`${spec.script} ended with ${status ?? 'a signal'}`)
    }
    return undefined
  }
}

function stepEnvironment(step: ConsumerStep): ScriptEnvironment {
  const { partition, replica, previousReplica, token, from, to } = step
  return {
    LIBRING_PARTITION: String(partition),
    LIBRING_REPLICA: String(replica),
    LIBRING_PREVIOUS_REPLICA: previousReplica === undefined ? '' : String(previousReplica),
    LIBRING_TOKEN: token ?? '',
    LIBRING_FROM: from ?? '',
    LIBRING_TO: to ?? '',
  }
}
