/** First byte of every memberlist message, and of a stream between peers. */
export const MessageType = {
  ping: 0,
  indirectPing: 1,
  ack: 2,
  suspect: 3,
  alive: 4,
  dead: 5,
  pushPull: 6,
  compound: 7,
  user: 8,
  compress: 9,
  encrypt: 10,
  nack: 11,
  checksum: 12,
  error: 13,
  label: 244,
  /** Ours, and never in a packet: memberlist has no such message. See `peer.ts`. */
  peer: 245,
} as const
