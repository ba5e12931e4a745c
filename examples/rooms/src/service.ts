/** Rooms to talk in, each at one member of a cluster. This is the file to copy. */
import { createServer, type Server } from 'node:http'
import { Cluster, type ClusterOptions } from 'libring'
import { createRouter, type Router } from 'libring/http'
import { WebSocketServer, type WebSocket } from 'ws'

/** Tells a client that the room is elsewhere by now: connect again. "Service restart" of RFC 6455. */
const ROOM_MOVED = 1012

/** A member that is the host of the rooms it owns, and passes on connections to other rooms. */
export function createRooms(options: ClusterOptions): {
  readonly cluster: Cluster
  readonly router: Router
  readonly server: Server
} {
  const cluster = new Cluster(options)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4_096 })
  /** By path: who is in the room. All of them are here. */
  const rooms = new Map<string, Set<WebSocket>>()

  function enter(room: string, socket: WebSocket): void {
    const guests = rooms.get(room) ?? new Set()
    rooms.set(room, guests.add(socket))
    socket.send(JSON.stringify({ type: 'welcome', host: cluster.localName }))
    socket.on('message', (data) => {
      const text = (data as Buffer).toString()
      for (const guest of guests) guest.send(JSON.stringify({ type: 'said', text }))
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      guests.delete(socket)
      if (guests.size === 0 && rooms.get(room) === guests) rooms.delete(room)
    })
  }

  const router = createRouter(cluster, {
    keyOf: ({ url }) => url,
    serve: (_request, response) => {
      response.writeHead(426, { upgrade: 'websocket' }).end('Connect by WebSocket.\n')
    },
    // Called at the owner of the room only, whichever member the connection came in at.
    serveUpgrade: (request, stream, head, { key, signal }) => {
      sockets.handleUpgrade(request, stream, head, (socket) => {
        enter(String(key), socket)
        // Aborts when the room goes to another member.
        signal.addEventListener('abort', () => socket.close(ROOM_MOVED))
      })
    },
  })
  const server = createServer()
  router.attach(server)
  return { cluster, router, server }
}
