export {
  BindError,
  FileError,
  isLibringError,
  JoinError,
  KeyError,
  LibringError,
  OptionError,
  PeerError,
  RpcError,
  type ErrorCode,
  type JoinAttempt,
  type KeyOutcome,
  type PeerErrorCode,
  type RpcErrorCode,
} from '../base/errors.ts'
export type { RpcOptions, SerfAgentOptions } from '../attach/options.ts'
export type { RpcStream } from '../attach/record-stream.ts'
export type {
  MembersFilter,
  RpcCallOptions,
  RpcClient,
  RpcCoordinate,
  RpcKeyReport,
  RpcLogLevel,
  RpcQueryAnswer,
  RpcQueryOptions,
} from '../attach/rpc-client.ts'
export type { RpcEvent, RpcQueryEvent, RpcUserEvent } from '../attach/rpc-events.ts'
export type { RpcMember, VersionRange } from '../attach/rpc-members.ts'
export type { SerfAgent, SerfAgentStats, SerfAgentStatus } from '../attach/serf-agent.ts'
export type { Address } from '../base/address.ts'
export {
  MEMBER_EVENT_TYPES,
  type Member,
  type MemberEvent,
  type MemberEventType,
  type MemberStatus,
} from '../base/member.ts'
export type { AskedQuery, QueryAnswer } from '../gossip/asked-query.ts'
export type { GossipNode, GossipStatus } from '../gossip/gossip-node.ts'
export type { GossipStats } from '../gossip/gossip-stats.ts'
export type { KeyOptions, KeyReport, Keys } from '../gossip/keys.ts'
export type { GossipOptions } from '../gossip/options.ts'
export type { Payload } from '../gossip/payload.ts'
export type { PeerBody } from '../gossip/peer-bodies.ts'
export type { PeerStats } from '../gossip/peer-stats.ts'
export type {
  PeerHandler,
  PeerReply,
  PeerRequest,
  PeerRequestOptions,
  Peers,
} from '../gossip/peers.ts'
export type { ReceivedQuery } from '../gossip/queries.ts'
export type { QueryOptions } from '../gossip/query-options.ts'
export type {
  BootstrapFailed,
  NameConflict,
  NameLost,
  SerfEvents,
  UserEvent,
} from '../gossip/serf-events.ts'
export type { UserEventOptions } from '../gossip/talk.ts'
export type { LogFields, Logger } from '../ports/logger.ts'
export type { MemberListener, Membership } from '../ports/membership.ts'
export { connectRpc, serfAgent, type ConnectRpcOptions } from '../runtime/attach.ts'
export { logTail, serveRpc, type ServeRpcOptions } from '../runtime/serve-rpc.ts'
export type { LogTail } from '../serving/log-tail.ts'
export type { RpcServer, RpcServerStats } from '../serving/rpc-server.ts'
export type { ServedNode } from '../serving/served-node.ts'
export type { Coordinate } from '../serf/coordinate.ts'
export { createSerf, type SerfNodeOptions } from '../runtime/serf.ts'
export type { SerfGauges } from '../serf/stats.ts'
export { createGossipNode, type GossipEnvironment } from '../runtime/gossip.ts'
