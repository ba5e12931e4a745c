import { connect, type Socket } from 'node:net'

/** What a server sends to what was sent, until it ends or `until` is true of it. */
export async function rawExchange(
  origin: string,
  bytes: string | Buffer,
  until: (text: string) => boolean = () => false,
): Promise<string> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  const text = await heardFrom(socket, until)
  socket.destroy()
  return text
}

/** What comes by a socket, until it ends or `until` is true of it. */
export function heardFrom(socket: Socket, until: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (until(text)) done()
    }
    const done = (): void => {
      socket.off('data', onData).off('end', done).off('close', done)
      resolve(text)
    }
    socket.on('data', onData)
    socket.on('error', () => {})
    socket.on('end', done)
    socket.on('close', done)
  })
}

/** A request in the bytes of HTTP/1.1, with `connection: close`. */
export function requestText(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const fields = Object.entries({ host: 'test', connection: 'close', ...headers })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}
