import { request, type IncomingMessage } from 'node:http'

/** What a server-sent event says. */
export interface SentEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: Record<string, unknown>
}

/** A client of server-sent events that can wait for one. */
export interface EventReader {
  readonly status: number
  readonly events: readonly SentEvent[]
  /** The first event, from the one numbered `from` on, that is meant. */
  next(isMeant: (event: SentEvent) => boolean, from?: number): Promise<SentEvent>
  readonly closed: Promise<void>
  /** Cut the connection. */
  cut(): void
}

/** Open a stream of server-sent events over a connection of its own. */
export async function readEvents(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<EventReader> {
  const asked = request(url, { headers, agent: false })
  asked.on('error', () => {})
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve)
    asked.once('error', reject)
    asked.end()
  })
  const events: SentEvent[] = []
  const waiting = new Set<() => void>()
  let rest = ''
  response.setEncoding('utf8')
  response.on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) if (!block.startsWith(':')) events.push(parseEvent(block))
    for (const wake of [...waiting]) wake()
  })
  const closed = new Promise<void>((resolve) => {
    response.once('close', resolve)
    response.on('error', () => {})
  })
  return {
    status: response.statusCode ?? 0,
    events,
    closed,
    cut: () => asked.destroy(),
    next(isMeant, from = 0) {
      return new Promise((resolve) => {
        const look = (): void => {
          const found = events.slice(from).find(isMeant)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      })
    },
  }
}

function parseEvent(block: string): SentEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ')
      return [line.slice(0, at), line.slice(at + 2)] as const
    }),
  )
  return {
    event: fields.get('event') ?? '',
    id: fields.get('id'),
    data: JSON.parse(fields.get('data') ?? '{}') as Record<string, unknown>,
  }
}
