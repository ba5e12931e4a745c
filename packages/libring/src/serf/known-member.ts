import { ipToBytes } from '../base/address.ts'
import { NO_BYTES } from '../base/bytes.ts'
import type { MemberStatus } from '../base/member.ts'
import type { Versions } from '../wire/messages.ts'
import type { KnownMember } from './messages.ts'
import type { Surroundings } from './surroundings.ts'

const STATUS: Readonly<Record<MemberStatus, number>> = { alive: 1, leaving: 2, left: 3, failed: 4 }

/** Of a member that SWIM has forgotten already. */
const UNKNOWN_VERSIONS: Versions = [0, 0, 0, 0, 0, 0]

/** How we know a member, as others are told. */
export function knownMember(name: string, around: Surroundings): KnownMember | undefined {
  const member = around.member(name)
  if (member === undefined) return undefined
  const { host, port, tags, status } = member
  const row = around.row(name)
  return {
    name,
    addr: row?.addr ?? ipToBytes(host) ?? NO_BYTES,
    port,
    tags,
    status: STATUS[status],
    versions: row?.versions ?? UNKNOWN_VERSIONS,
  }
}
