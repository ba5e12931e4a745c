export {
  BindError,
  ConfigMismatchError,
  ERROR_CODES,
  FileError,
  InvariantError,
  isLibringError,
  JoinError,
  LibringError,
  NotOwnerError,
  OptionError,
  PeerError,
  RpcError,
  type ErrorCode,
  type JoinAttempt,
  RoutingError,
  type PeerErrorCode,
  type RpcErrorCode,
  type RoutingErrorCode,
} from '../base/errors.ts'
export type { RpcOptions, SerfAgentOptions } from '../attach/options.ts'
export type { SerfAgent, SerfAgentStats, SerfAgentStatus } from '../attach/serf-agent.ts'
export type { Member, MemberEvent, MemberEventType, MemberStatus } from '../base/member.ts'
export type {
  ClusterEvents,
  ClusterEventType,
  ConfigMismatchEvent,
  DoubleHolderEvent,
  HandoffTimeoutEvent,
  StalledEvent,
  OrphanEvent,
  HandlerErrorEvent,
  HandlerOverdueEvent,
  RebalanceEvent,
} from '../cluster/cluster-events.ts'
export type { StopOptions } from '../cluster/cluster.ts'
export type { ClusterStats } from '../cluster/stats.ts'
export {
  fixedMembers,
  type FixedMember,
  type FixedMembersOptions,
} from '../cluster/fixed-members.ts'
export type { Handled, OwnershipHandlers } from '../cluster/handlers.ts'
export type { Held } from '../cluster/held.ts'
export type { ClusterOptions } from '../cluster/options.ts'
export type { Explanation, LocalRole } from '../cluster/explanation.ts'
export type { MoveWaitOptions } from '../cluster/moves.ts'
export type { PlannedMove } from '../cluster/history.ts'
export type {
  PartitionContext,
  PartitionTask,
  RunPartitionsOptions,
} from '../cluster/partition-tasks.ts'
export type { ReadyOptions } from '../cluster/ready.ts'
export type { DrainOptions } from '../cluster/drain.ts'
export type { RunOptions } from '../cluster/run.ts'
export type { GossipNode } from '../gossip/gossip-node.ts'
export type { GossipOptions } from '../gossip/options.ts'
export type { PeerBody } from '../gossip/peer-bodies.ts'
export type {
  PeerHandler,
  PeerReply,
  PeerRequest,
  PeerRequestOptions,
  Peers,
} from '../gossip/peers.ts'
export type { Home } from '../ownership/acting.ts'
export type { ClusterMember } from '../ownership/cluster-member.ts'
export type {
  AcquireEvent,
  ChangeEvent,
  OwnershipEvent,
  OwnershipEventType,
  ReleaseEvent,
} from '../ownership/event.ts'
export type { OwnershipOptions } from '../ownership/options.ts'
export type { LogFields, Logger } from '../ports/logger.ts'
export type { MemberListener, Membership } from '../ports/membership.ts'
export type { Key, KeyHash } from '../ring/key-hash.ts'
export type { AssignmentName, RingOptions } from '../ring/options.ts'
export { serfAgent } from '../runtime/attach.ts'
export {
  admitForwarded,
  route,
  type ForwardedAdmission,
  type RouteOptions,
  type RouteTarget,
} from '../routing/route.ts'
export type { RoleAsked, RoutedCluster } from '../routing/routed-cluster.ts'
export { Cluster } from '../runtime/cluster.ts'
export { createGossipNode as gossip, type GossipEnvironment } from '../runtime/gossip.ts'
