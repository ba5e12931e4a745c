export { OptionError, type ErrorCode } from '../base/errors.ts'
export type { Assignment } from '../ring/assignment.ts'
export { diff, type Move } from '../ring/diff.ts'
export { keyHashName, type CustomKeyHash, type Key, type KeyHash } from '../ring/key-hash.ts'
export type { MemberLoad, ZoneLoad } from '../ring/loads.ts'
export {
  resolveRingOptions,
  type AssignmentName,
  type ResolvedRingOptions,
  type RingOptions,
} from '../ring/options.ts'
export type { Holding } from '../ring/holdings.ts'
export { plan, type MemberPlan, type Plan, type RingChange } from '../ring/plan.ts'
export type { RingMember } from '../ring/ring-member.ts'
export { Ring } from '../ring/ring.ts'
