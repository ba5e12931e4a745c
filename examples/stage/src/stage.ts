import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Actor } from './actor.ts'
import { Places } from './places.ts'

export type { Actor } from './actor.ts'
export type { Place } from './places.ts'

/** How long nobody may have moved anything for the ring to count as settled. */
const QUIET_MS = 400

/** Most characters of what is wrong with a claim. */
const WRONG_CHARACTERS_MAX = 500

/** How long anything in an example is waited for. */
const PATIENCE_MS = 60_000

export interface StageOptions {
  /** What the example shows, in one line. */
  readonly title: string
  /** The program that each member runs. */
  readonly program: URL
  readonly partitions: number
}

/** Play an example: exit code 0 when everything it claims holds, 1 when it does not. */
export async function play(
  options: StageOptions,
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = new Stage(options)
  const stopped = new Promise<'stopped'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve('stopped'))
    }
    // Whoever read the output has gone.
    process.stdout.once('error', () => resolve('stopped'))
  })
  try {
    const outcome = await Promise.race([act(stage), stopped])
    process.exitCode = outcome === 'stopped' ? 130 : stage.verdict()
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
  await stage[Symbol.asyncDispose]()
  // Nothing is left to wait for, save connections that HTTP keeps alive.
  process.exit()
}

/** The members of an example, what happens to them, and what is claimed. */
export class Stage implements AsyncDisposable {
  /** What every member that is started from now on is to know. */
  readonly settings: Record<string, string> = {}
  readonly #options: StageOptions
  readonly #places = new Places()
  readonly #actors = new Map<string, Actor>()
  readonly #paused = new Set<Actor>()
  readonly #servers: Server[] = []
  readonly #startedAtMs = performance.now()
  #kept = 0
  #broken = 0
  #isOver = false

  constructor(options: StageOptions) {
    this.#options = options
    console.log(`${options.title}\n`)
  }

  /** Those who see a ring, in the order in which they came; not those who were stopped. */
  get members(): readonly Actor[] {
    return [...this.#actors.values()].filter((actor) => {
      return actor.owned !== undefined && !this.#paused.has(actor)
    })
  }

  get names(): readonly string[] {
    return this.members.map(({ name }) => name)
  }

  /** @throws when no member of that name runs. */
  member(name: string): Actor {
    const actor = this.#actors.get(name)
    if (actor === undefined) throw new Error(`${name} does not run`)
    return actor
  }

  say(line: string): void {
    if (this.#isOver) return
    const seconds = ((performance.now() - this.#startedAtMs) / 1_000).toFixed(1)
    console.log(`${seconds.padStart(6)} s  ${line}`)
  }

  /** Say how much each member owns. */
  sayShares(): void {
    const shares = this.members.map(({ name, owned }) => `${name} ${owned?.length ?? 0}`)
    this.say(`Of ${this.#options.partitions} partitions: ${shares.join(', ')}.`)
  }

  /** Tick a claim, or say what is wrong with it. */
  claim(sentence: string, holds: boolean, otherwise = 'it does not hold'): void {
    if (holds) this.#kept++
    else this.#broken++
    console.log(
      holds ? `  ✓ ${sentence}` : `  ✗ ${sentence}: ${otherwise.slice(0, WRONG_CHARACTERS_MAX)}`,
    )
  }

  /** The exit code, by what was claimed. */
  verdict(): number {
    const isKept = this.#broken === 0 && this.#kept > 0
    const all = this.#kept + this.#broken
    console.log(isKept ? `\nAll ${all} claims hold.` : `\n${this.#broken} of ${all} claims broken.`)
    return isKept ? 0 : 1
  }

  /** A server of this process, on an address of its own, until the end. Returns its URL. */
  async serve(handler: RequestListener): Promise<string> {
    const { host, httpPort } = await this.#places.next()
    const server = createServer(handler)
    this.#servers.push(server)
    server.listen(httpPort, host)
    await once(server, 'listening')
    return `http://${host}:${httpPort}`
  }

  /** Start members and wait until they run; they join whoever runs already. */
  async start(...names: readonly string[]): Promise<void> {
    await this.startAs(this.#options.program, ...names)
  }

  /** The same, for members that run another program than the others. */
  async startAs(program: URL, ...names: readonly string[]): Promise<void> {
    const started: Actor[] = []
    for (const name of names) {
      const place = await this.#places.next()
      const seed = [...this.#actors.values()][0]?.place.gossip
      const setup = {
        name,
        bind: place.gossip,
        http: { host: place.host, port: place.httpPort },
        bootstrapHosts: seed === undefined ? [] : [seed],
        settings: this.settings,
      }
      const actor = new Actor(program, place, setup, (line) => this.say(`${name}: ${line}`))
      this.#actors.set(name, actor)
      started.push(actor)
    }
    await this.until(`${names.join(', ')} to start`, () =>
      started.every(({ owned }) => owned !== undefined),
    )
  }

  async drain(name: string): Promise<void> {
    await this.#take(name).drain()
  }

  async kill(name: string): Promise<void> {
    await this.#take(name).kill()
  }

  pause(name: string): void {
    const actor = this.member(name)
    this.#paused.add(actor)
    actor.pause()
  }

  resume(name: string): void {
    const actor = this.member(name)
    this.#paused.delete(actor)
    actor.resume()
  }

  /** Wait until every partition is with one of those who run, and nothing moves any more. */
  async settled(): Promise<void> {
    const { partitions } = this.#options
    await this.until('the ring to settle', () => {
      const { members } = this
      const owned = members.flatMap((actor) => actor.owned ?? [])
      const isWhole = owned.length === partitions && new Set(owned).size === partitions
      // Whoever has just come is to get its share first.
      const isShared = members.every((actor) => (actor.owned ?? []).length > 0)
      const lastMoveAtMs = Math.max(...members.map(({ lastHeardAtMs }) => lastHeardAtMs))
      return isWhole && isShared && performance.now() - lastMoveAtMs > QUIET_MS
    })
  }

  /** @throws when it takes too long, or a member ends that should not. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const giveUpAtMs = performance.now() + PATIENCE_MS
    while (!(await condition())) {
      for (const { mishap } of this.#actors.values()) {
        if (mishap !== undefined) throw new Error(mishap)
      }
      if (performance.now() > giveUpAtMs) throw new Error(`waited too long for ${what}`)
      await sleep(20)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    const actors = [...this.#actors.values()]
    this.#actors.clear()
    await Promise.all(actors.map((actor) => actor.kill()))
    for (const server of this.#servers) {
      server.close()
      server.closeAllConnections()
    }
  }

  #take(name: string): Actor {
    const actor = this.member(name)
    this.#actors.delete(name)
    return actor
  }
}
