export {
  BindError,
  FileError,
  isLibringError,
  JoinError,
  LibringError,
  OptionError,
  PeerError,
  type ErrorCode,
  type JoinAttempt,
  type PeerErrorCode,
} from '../base/errors.ts'
export type { Address } from '../base/address.ts'
export type { Member, MemberEvent, MemberEventType, MemberStatus } from '../base/member.ts'
export type { GossipNode, GossipStats, GossipStatus } from '../gossip/gossip-node.ts'
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
export type { SerfEvents, UserEvent } from '../gossip/serf-events.ts'
export type { UserEventOptions } from '../gossip/talk.ts'
export type { LogFields, Logger } from '../ports/logger.ts'
export type { MemberListener, Membership } from '../ports/membership.ts'
export type { Coordinate } from '../serf/coordinate.ts'
export { createGossipNode, type GossipEnvironment } from '../runtime/gossip.ts'
