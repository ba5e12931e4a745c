import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/**
 * Have each say what the other one says, as fast as it is read: an end on one side is an end on
 * the other, which may go on talking, and a break on one side is a break on the other.
 */
export function joinSockets(left: Duplex, right: Duplex): void {
  for (const socket of [left, right]) {
    if (socket instanceof Socket) socket.setTimeout(0).setNoDelay(true)
  }
  follow(left, right)
  follow(right, left)
}

function follow(socket: Duplex, other: Duplex): void {
  socket.on('error', () => {})
  socket.on('close', () => {
    // After both halves have come to their ends there is nothing left to break.
    if (!socket.readableEnded || !socket.writableFinished) breakOff(other)
  })
  socket.pipe(other)
}

/** Not as if everything had been said, except by TLS: Node cannot reset such a connection. */
function breakOff(socket: Duplex): void {
  if (socket instanceof Socket && !(socket instanceof TLSSocket)) socket.resetAndDestroy()
  else socket.destroy()
}
