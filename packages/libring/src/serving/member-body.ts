import { ipToBytes } from '../base/address.ts'
import { NO_BYTES } from '../base/bytes.ts'
import type { Member } from '../base/member.ts'
import type { MemberBody } from '../rpc/commands.ts'
import { serfVersions } from '../serf/setup.ts'

/** A member as clients of an agent see it. Of versions it has ours, which all agents speak. */
export function memberBody({ name, host, port, tags, status }: Member): MemberBody {
  const [pMin, pMax, pCur, dMin, dMax, dCur] = serfVersions
  return {
    Addr: ipToBytes(host) ?? NO_BYTES,
    DelegateCur: dCur,
    DelegateMax: dMax,
    DelegateMin: dMin,
    Name: name,
    Port: port,
    ProtocolCur: pCur,
    ProtocolMax: pMax,
    ProtocolMin: pMin,
    Status: status,
    Tags: new Map(Object.entries(tags)),
  }
}
