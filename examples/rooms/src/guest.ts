import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

/** How long a guest waits before it connects again. */
const AGAIN_MS = 100

/** How long a guest waits for the room to open. */
const WELCOME_MS_MAX = 3_000

/** Somebody in a room, as a browser would be: when the connection is lost, it connects again. */
export class Guest {
  readonly room: string
  /** The member that the room is at; `undefined` while not connected. */
  host: string | undefined
  readonly #members: () => readonly string[]
  readonly #heard = new Set<string>()
  #socket: WebSocket | undefined
  #connections = 0
  #turn: number
  #isOver = false

  /** @param members where to connect: the addresses of those who run. */
  constructor(room: string, turn: number, members: () => readonly string[]) {
    this.room = room
    this.#turn = turn
    this.#members = members
    void this.#stay()
  }

  /** How often it had to connect again. */
  get reconnects(): number {
    return Math.max(0, this.#connections - 1)
  }

  say(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text)
  }

  hasHeard(text: string): boolean {
    return this.#heard.has(text)
  }

  leave(): void {
    this.#isOver = true
    this.#socket?.terminate()
  }

  async #stay(): Promise<void> {
    while (!this.#isOver) {
      await this.#visit()
      await sleep(AGAIN_MS)
    }
  }

  /** From connecting to the end of the connection, each time at another member. */
  async #visit(): Promise<void> {
    const members = this.#members()
    const url = members[this.#turn++ % members.length]
    if (url === undefined) return
    const socket = new WebSocket(url.replace('http', 'ws') + this.room)
    this.#socket = socket
    const impatience = setTimeout(() => socket.terminate(), WELCOME_MS_MAX)
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as { host?: string; text?: string }
      if (message.host !== undefined) {
        clearTimeout(impatience)
        this.#connections++
        this.host = message.host
      }
      if (message.text !== undefined) this.#heard.add(message.text)
    })
    await new Promise((resolve) => socket.on('error', () => {}).once('close', resolve))
    clearTimeout(impatience)
    this.host = undefined
  }
}
