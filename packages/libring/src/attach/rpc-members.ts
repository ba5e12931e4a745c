import { ipFromBytes } from '../base/address.ts'
import type { Member, MemberStatus } from '../base/member.ts'
import type { MemberBody } from '../rpc/commands.ts'

/** A member as an agent tells of it. */
export interface RpcMember extends Member {
  /** Versions of the protocol between agents. */
  readonly protocol: VersionRange
  /** Versions of what Serf says on top of it. */
  readonly delegate: VersionRange
}

export interface VersionRange {
  readonly min: number
  readonly max: number
  readonly current: number
}

const STATUSES: readonly string[] = ['alive', 'leaving', 'left', 'failed'] satisfies MemberStatus[]

/** Of those that can be read; one without a name that is text, an address or a status is left out. */
export function rpcMembersFrom(bodies: readonly MemberBody[]): RpcMember[] {
  return bodies.flatMap((body) => {
    const member = memberFrom(body)
    if (member === undefined) return []
    const { ProtocolMin, ProtocolMax, ProtocolCur, DelegateMin, DelegateMax, DelegateCur } = body
    const protocol = { min: ProtocolMin, max: ProtocolMax, current: ProtocolCur }
    const delegate = { min: DelegateMin, max: DelegateMax, current: DelegateCur }
    return [{ ...member, protocol, delegate }]
  })
}

/** Like {@link rpcMembersFrom}, without the versions. */
export function membersFrom(bodies: readonly MemberBody[]): Member[] {
  return bodies.flatMap((body) => memberFrom(body) ?? [])
}

function memberFrom({ Name, Addr, Port, Status, Tags }: MemberBody): Member | undefined {
  const host = ipFromBytes(Addr)
  if (Name === undefined || Name === '' || host === undefined || !STATUSES.includes(Status)) {
    return undefined
  }
  const tags = Object.freeze(Object.fromEntries(Tags))
  return Object.freeze({ name: Name, host, port: Port, tags, status: Status as MemberStatus })
}
