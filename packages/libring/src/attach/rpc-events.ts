import type { MemberEvent, MemberEventType } from '../base/member.ts'
import type { EventRecord } from '../rpc/commands.ts'
import { membersFrom } from './rpc-members.ts'

/** A user event, as somebody sent it into the cluster. */
export interface RpcUserEvent {
  readonly type: 'user'
  readonly name: string
  readonly payload: Uint8Array
  /** When, by Serf's clock of user events. */
  readonly lamportTime: bigint
  /** Whether an agent may keep the last of several of that name only. */
  readonly coalesce: boolean
}

/** A question to all members, which may be answered as long as it is open. */
export interface RpcQueryEvent {
  readonly type: 'query'
  /** By which to answer it, over this connection only. */
  readonly id: bigint
  readonly name: string
  readonly payload: Uint8Array
  /** When, by Serf's clock of queries. */
  readonly lamportTime: bigint
}

export type RpcEvent = MemberEvent | RpcUserEvent | RpcQueryEvent

const MEMBER_TYPES: readonly string[] = [
  'member-join',
  'member-leave',
  'member-failed',
  'member-update',
  'member-reap',
] satisfies MemberEventType[]

/** What a record tells; `undefined` for a type that nobody knows, as a later agent may have. */
export function rpcEventFrom(record: EventRecord): RpcEvent | undefined {
  const { Event: type, Name: name, Payload: payload, LTime: lamportTime } = record
  if (type === 'user') return { type, name, payload, lamportTime, coalesce: record.Coalesce }
  if (type === 'query') return { type, id: record.ID, name, payload, lamportTime }
  return memberEventFrom(record)
}

/** The same of members alone. */
export function memberEventFrom({ Event, Members }: EventRecord): MemberEvent | undefined {
  if (!MEMBER_TYPES.includes(Event)) return undefined
  return { type: Event as MemberEventType, members: membersFrom(Members) }
}
