import { MessageType } from './message-type.ts'
import type { PacketMessage } from './messages.ts'

type Kind = PacketMessage['type']

/** Names by the first byte of a message. */
const KINDS: readonly (Kind | undefined)[] = (() => {
  const kinds: (Kind | undefined)[] = []
  kinds[MessageType.ping] = 'ping'
  kinds[MessageType.indirectPing] = 'indirect-ping'
  kinds[MessageType.ack] = 'ack'
  kinds[MessageType.nack] = 'nack'
  kinds[MessageType.suspect] = 'suspect'
  kinds[MessageType.alive] = 'alive'
  kinds[MessageType.dead] = 'dead'
  kinds[MessageType.user] = 'user'
  return kinds
})()

/** Messages in datagrams, by type. They only grow. */
export interface MessageTally {
  readonly messages: Record<Kind, number>
  /** As they are before compound, compression and encryption are put around them. */
  readonly bytes: Record<Kind, number>
}

export function newMessageTally(): MessageTally {
  return { messages: zeroes(), bytes: zeroes() }
}

/** Count one message, which begins with its type. What is none counts as nothing. */
export function tallyMessage({ messages, bytes }: MessageTally, message: Uint8Array): void {
  const kind = KINDS[message[0] ?? -1]
  if (kind === undefined) return
  messages[kind]++
  bytes[kind] += message.length
}

function zeroes(): Record<Kind, number> {
  return {
    ping: 0,
    'indirect-ping': 0,
    ack: 0,
    nack: 0,
    suspect: 0,
    alive: 0,
    dead: 0,
    user: 0,
  }
}
