import type { MemberEvent } from '../../packages/libring/src/base/member.ts'
import { seededRandom } from '../../packages/libring/src/base/random.ts'
import {
  resolveSerfAgentOptions,
  type SerfAgentOptions,
} from '../../packages/libring/src/attach/options.ts'
import { SerfAgent } from '../../packages/libring/src/attach/serf-agent.ts'
import { SimClock } from '../../packages/libring/src/sim/clock.ts'
import { SimResolver, type Names } from '../../packages/libring/src/sim/names.ts'
import { FakeAgent } from './fake-agent.ts'
import { LogBook } from './simulated-node.ts'

/** Attachments to an agent in memory, on virtual time. */
export class AttachmentBench {
  readonly clock: SimClock = new SimClock()
  readonly agent: FakeAgent = new FakeAgent(this.clock)
  readonly names: Names = new Map()
  readonly log: LogBook = new LogBook()

  attachment(options: SerfAgentOptions = {}): SerfAgent {
    return new SerfAgent(resolveSerfAgentOptions({ rpcAddress: '10.0.0.1', ...options }), {
      clock: this.clock,
      dialer: this.agent,
      resolver: new SimResolver(this.names, this.clock, seededRandom(2)),
      random: seededRandom(1),
      logger: this.log,
    })
  }

  /** Let time pass, and promises settle on the way. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.clock.nowMs() + durationMs
    do {
      // Longer than the longest chain of promises between two things that take time.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    } while (this.clock.step(untilMs))
  }

  /** What a promise comes to, while time passes as fast as it can. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const done = promise.finally(() => (isSettled = true))
    done.catch(() => {})
    for (let turn = 0; turn < 10_000 && !isSettled; turn++) await this.pass(10)
    return await done
  }
}

/** Every change that is told, as `type name`. */
export function changesOf(attachment: SerfAgent): string[] {
  const told: string[] = []
  attachment.subscribe(({ type, members }: MemberEvent) => {
    for (const { name } of members) told.push(`${type} ${name}`)
  })
  return told
}
