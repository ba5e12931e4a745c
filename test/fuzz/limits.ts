import { KEYS_MAX } from '../../packages/libring/src/wire/keyring.ts'
import { PACKET_INFLATED_BYTES_MAX } from '../../packages/libring/src/wire/packet.ts'
import { STREAM_BYTES_MAX } from '../../packages/libring/src/wire/stream.ts'
import type { Kind, WorkLimits } from './life.ts'
import { READS_PER_CHARACTER, STEPS_PER_INSTRUCTION, type WorkKind } from './work.ts'

/** Steps that filters of queries may take at once, when none have been taken for two seconds. */
const FILTER_STEPS_MOST = 2_000_000

/** Steps that a node allows itself for each character of a pattern. */
const STEPS_PER_CHARACTER = 100

/**
 * Most that one input may cost, whatever it is:
 *
 * - a packet yields 4,096 messages and faults;
 * - of its steps for filters a node takes a step for each instruction and each character of the tag,
 *   and 100 for each character of a pattern, so all of them go to the one or to the other;
 * - what is sealed is tried once with each key;
 * - the others are proportional to what is sent here, which is a push/pull of 3,000 members at most.
 */
const LIMITS: WorkLimits = {
  reads: 500_000,
  messages: 4_200,
  effects: 8_000,
  patternReads: (READS_PER_CHARACTER * FILTER_STEPS_MOST) / STEPS_PER_CHARACTER,
  patternSteps: STEPS_PER_INSTRUCTION * FILTER_STEPS_MOST,
  inflatedBytes: STREAM_BYTES_MAX,
  opens: KEYS_MAX,
  bytesOut: 2_000_000,
}

/** Most that an input of this kind may cost of that. */
export function limitOf(kind: Kind, work: WorkKind): number {
  if (work === 'inflatedBytes' && kind.startsWith('packet')) return PACKET_INFLATED_BYTES_MAX
  return LIMITS[work]
}
