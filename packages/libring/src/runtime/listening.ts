import type { Server } from 'node:net'
import type { Address } from '../base/address.ts'

/** The port in use. Rejects with the system's error; nothing stays open then. */
export async function listen(server: Server, { host, port }: Address): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, resolve)
  })
  server.removeAllListeners('error')
  // A failed accept (out of file descriptors) costs that stream, not the listener.
  server.on('error', () => {})
  const bound = server.address()
  return bound !== null && typeof bound === 'object' ? bound.port : port
}

/** Resolves once the port is free, which it is when every stream is closed. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
