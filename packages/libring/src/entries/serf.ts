export {
  BindError,
  isLibringError,
  JoinError,
  LibringError,
  OptionError,
  PeerError,
  RpcError,
  type ErrorCode,
  type JoinAttempt,
  type PeerErrorCode,
  type RpcErrorCode,
} from '../base/errors.ts'
export type { RpcOptions, SerfAgentOptions } from '../attach/options.ts'
export type { RpcStream } from '../attach/record-stream.ts'
export type {
  KeyReport,
  MembersFilter,
  RpcCallOptions,
  RpcClient,
  RpcCoordinate,
  RpcLogLevel,
  RpcQueryAnswer,
  RpcQueryOptions,
} from '../attach/rpc-client.ts'
export type { RpcEvent, RpcQueryEvent, RpcUserEvent } from '../attach/rpc-events.ts'
export type { RpcMember, VersionRange } from '../attach/rpc-members.ts'
export type { SerfAgent, SerfAgentStats, SerfAgentStatus } from '../attach/serf-agent.ts'
export type { Address } from '../base/address.ts'
export type { Member, MemberEvent, MemberEventType, MemberStatus } from '../base/member.ts'
export type { GossipNode, GossipStats, GossipStatus } from '../gossip/gossip-node.ts'
export type { GossipOptions } from '../gossip/options.ts'
export type { PeerBody } from '../gossip/peer-bodies.ts'
export type { PeerStats } from '../gossip/peer-stats.ts'
export type {
  PeerHandler,
  PeerReply,
  PeerRequest,
  PeerRequestOptions,
  Peers,
} from '../gossip/peers.ts'
export type { LogFields, Logger } from '../ports/logger.ts'
export type { MemberListener, Membership } from '../ports/membership.ts'
export { connectRpc, serfAgent, type ConnectRpcOptions } from '../runtime/attach.ts'
export { createGossipNode, type GossipEnvironment } from '../runtime/gossip.ts'
