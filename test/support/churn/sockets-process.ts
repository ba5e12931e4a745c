import { ProgramProcess } from './program-process.ts'
import type { SocketChange, SocketsCommand, SocketsNews, SocketsSetup } from './words.ts'

/** How the sockets of one room met again. */
export interface Meeting {
  readonly room: number
  /** When the first of them was closed. */
  readonly lostAt: number
  /** When the first of these had connected again. */
  readonly backAt: number
  /** Since when all of them are on one member. */
  readonly metAt: number
}

/** WebSocket clients in a process of their own, and where they are. */
export class SocketsProcess {
  readonly #process: ProgramProcess<SocketsCommand, SocketsNews>
  readonly #setup: SocketsSetup
  readonly #members: string[]
  #changes: SocketChange[] = []
  readonly #called = new Map<number, (missing: number) => void>()
  #nextId = 1

  constructor(setup: SocketsSetup, execArgv: readonly string[]) {
    this.#setup = setup
    this.#members = Array.from({ length: setup.sockets }, () => '')
    this.#process = new ProgramProcess('sockets.main.ts', setup, execArgv, (news: SocketsNews) => {
      if (news.type === 'called') return this.#called.get(news.id)?.(news.missing)
      this.#changes.push(...news.changes)
      for (const [socket, , member] of news.changes) this.#members[socket] = member
    })
  }

  /** By room, the member that all of its sockets are on; `undefined` where they are not on one. */
  get places(): readonly (string | undefined)[] {
    const { rooms, sockets } = this.#setup
    return Array.from({ length: rooms }, (_, room) => {
      const member = this.#members[room]
      for (let socket = room; socket < sockets; socket += rooms) {
        if (this.#members[socket] !== member) return undefined
      }
      return member === '' ? undefined : member
    })
  }

  get haveMet(): boolean {
    return !this.places.includes(undefined)
  }

  address(hosts: readonly string[]): void {
    this.#process.send({ type: 'addresses', hosts })
  }

  /** In how many rooms not everybody hears what one of them says. */
  call(): Promise<number> {
    const id = this.#nextId++
    return new Promise((resolve) => {
      this.#called.set(id, resolve)
      this.#process.send({ type: 'call', id })
    })
  }

  /** Forget what was, before something is done to members. */
  forget(): void {
    this.#changes = []
  }

  /** Of every room that lost a socket since. */
  get meetings(): readonly Meeting[] {
    const byRoom = new Map<number, { lostAt: number; backAt: number; metAt: number }>()
    for (const [socket, at, member] of this.#changes) {
      const room = socket % this.#setup.rooms
      const meeting = byRoom.get(room)
      if (meeting === undefined) {
        if (member === '') byRoom.set(room, { lostAt: at, backAt: Infinity, metAt: at })
        continue
      }
      meeting.metAt = at
      if (member !== '') meeting.backAt = Math.min(meeting.backAt, at)
    }
    return [...byRoom].map(([room, times]) => ({ room, ...times }))
  }

  kill(): Promise<void> {
    return this.#process.kill()
  }
}
