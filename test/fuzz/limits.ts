import type { WorkLimits } from './life.ts'

/** Most that one input may cost, whatever it is. */
export const LIMITS: WorkLimits = {
  reads: 500_000,
  messages: 4_200,
  effects: 8_000,
  patternSteps: 1_000_000,
  bytesOut: 2_000_000,
}
