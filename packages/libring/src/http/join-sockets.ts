import type { Duplex } from 'node:stream'

/**
 * Have each say what the other one says, as fast as it is read: an end on one side is an end on
 * the other, which may go on talking, and a break on one side is a break on the other.
 */
export function joinSockets(left: Duplex, right: Duplex): void {
  for (const socket of [left, right]) {
    if ('setTimeout' in socket) (socket as { setTimeout(ms: number): void }).setTimeout(0)
    if ('setNoDelay' in socket) (socket as { setNoDelay(on: boolean): void }).setNoDelay(true)
  }
  follow(left, right)
  follow(right, left)
}

function follow(socket: Duplex, other: Duplex): void {
  socket.on('error', () => {})
  socket.on('close', () => {
    // After both have said all, there is nothing left to break.
    if (!socket.readableEnded || !other.writableFinished) other.destroy()
  })
  socket.pipe(other)
}
