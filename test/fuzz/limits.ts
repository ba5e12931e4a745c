import type { WorkLimits } from './life.ts'

/**
 * Most that one input may cost, whatever it is. A packet yields 4,096 messages and faults at most; patterns
 * may take two million steps at once, when none have been taken for two seconds. The others are
 * proportional to what is sent here, which is a push/pull of 3,000 members at most.
 */
export const LIMITS: WorkLimits = {
  reads: 500_000,
  messages: 4_200,
  effects: 8_000,
  patternSteps: 2_000_000,
  bytesOut: 2_000_000,
}
