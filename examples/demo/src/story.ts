import type { Fleet, FleetMember } from './fleet.ts'
import type { Answer } from './messages.ts'
import { ranges } from './ranges.ts'
import type { Screen } from './screen.ts'

const PATHS = ['/carts/1', '/carts/2', '/rooms/lobby', '/rooms/garden', '/users/ana', '/users/åsa']

/** What the demo shows, one chapter after the other. Each checks what it claims. */
export class Story {
  readonly #fleet: Fleet
  readonly #screen: Screen

  constructor(fleet: Fleet, screen: Screen) {
    this.#fleet = fleet
    this.#screen = screen
  }

  async gather(names: readonly string[]): Promise<void> {
    const { partitions, redundancy } = this.#fleet.ledger
    this.#screen.chapter(
      `${names.length} members find each other and share ${partitions} partitions`,
    )
    const agent = await this.#fleet.startAgent()
    this.#screen.say(
      agent === undefined
        ? 'No `serf` on the PATH, so the first member is whom the others join.'
        : `A plain serf agent runs on ${agent.place.gossip}; the members join that.`,
    )
    this.#screen.say(`Each partition has one owner and ${redundancy - 1} backup.`)
    await this.#fleet.start(...names)
    await this.#fleet.settled()
    for (const { name, url } of this.#fleet.members) this.#screen.aside(`${name.padEnd(6)} ${url}`)
    this.#screen.good(`Every partition has one owner; ${this.#shares()}.`)
  }

  async ask(): Promise<void> {
    const { members } = this.#fleet
    this.#screen.chapter('Ask any member, and the owner of the key answers')
    const rows: string[][] = []
    for (const path of PATHS) {
      const answers = await Promise.all(members.map((member) => answerTo(member, path)))
      const servers = new Set(answers.map(({ servedBy }) => servedBy))
      check(servers.size === 1, `${path} was served by ${[...servers].join(' and ')}`)
      rows.push([path, `${answers[0]!.partition}`, ...answers.map(({ servedBy }) => servedBy)])
    }
    this.#screen.table(['GET', 'partition', ...members.map(({ name }) => `asked ${name}`)], rows)
    const requests = PATHS.length * members.length
    this.#screen.good(`${requests} requests: each key was answered by one and the same member.`)
  }

  async kill(name: string): Promise<void> {
    const { ledger } = this.#fleet
    const lost = ledger.held(name, 0)
    const path = pathOwnedBy(name, await this.#ownersOfPaths())
    this.#screen.chapter(`${name} is killed, without a word to anybody`)
    const killedAtMs = performance.now()
    await this.#fleet.kill(name)
    const survivor = this.#fleet.members[0]!
    const answered = this.#fleet.until(`${path} to be served again`, async () => {
      return (await tryAnswer(survivor, path)) !== undefined
    })
    await answered
    const gapMs = performance.now() - killedAtMs
    await this.#fleet.settled()

    for (const heir of this.#fleet.names) {
      const inherited = lost.filter((partition) => ledger.owners()[partition] === heir)
      this.#screen.say(
        `${heir} took over ${inherited.length} of its partitions: ${ranges(inherited)}`,
      )
    }
    const { servedBy } = await answerTo(survivor, path)
    this.#screen.good(
      `${lost.length} partitions have a new owner; ${path} was answered by ${servedBy} ` +
        `${seconds(gapMs)} after the kill, nearly all of it to be sure of the death.`,
    )
  }

  async add(name: string): Promise<void> {
    this.#screen.chapter(`${name} joins`)
    const before = this.#fleet.ledger.owners()
    const startedAtMs = performance.now()
    await this.#fleet.start(name)
    await this.#fleet.until(`${name} to own something`, () => {
      return this.#fleet.ledger.held(name, 0).length > 0
    })
    await this.#fleet.settled()
    const tookMs = performance.now() - startedAtMs

    const after = this.#fleet.ledger.owners()
    const moved = after.filter((owner, partition) => owner !== before[partition]).length
    const elsewhere = after.filter((owner, partition) => {
      return owner !== before[partition] && owner !== name
    }).length
    const ideal = Math.round(after.length / this.#fleet.members.length)
    this.#screen.good(
      `${moved} of ${after.length} partitions changed their owner (${percent(moved / after.length)}); ` +
        `a fair share for ${name} is ${ideal}. ${elsewhere} moved between the others. ` +
        `Done ${seconds(tookMs)} after its start.`,
    )
  }

  async leave(name: string): Promise<void> {
    this.#screen.chapter(`${name} is to end: it hands over what it owns, then leaves`)
    const owned = this.#fleet.ledger.held(name, 0).length
    const startedAtMs = performance.now()
    await this.#fleet.leave(name)
    await this.#fleet.settled()
    const tookMs = performance.now() - startedAtMs
    this.#screen.good(
      `Its ${owned} partitions have new owners; it let each go when it was asked for. Done in ${seconds(tookMs)}.`,
    )
  }

  async close(fates: ReadonlyMap<string, string>): Promise<void> {
    this.#screen.chapter('In the end')
    const { ledger } = this.#fleet
    this.#screen.table(
      ['member', 'fate', 'owns', 'backs up'],
      [...fates].map(([name, fate]) => {
        const isHere = this.#fleet.names.includes(name)
        return [
          name,
          fate,
          isHere ? ledger.held(name, 0).length : 0,
          isHere ? ledger.backups(name).length : 0,
        ]
      }),
    )
    const agent = this.#fleet.agent
    if (agent === undefined) return
    this.#screen.say('And what the stock `serf members` has to say about it:')
    this.#screen.aside(await agent.members())
  }

  async #ownersOfPaths(): Promise<ReadonlyMap<string, string>> {
    const first = this.#fleet.members[0]!
    const answers = await Promise.all(CANDIDATE_PATHS.map((path) => answerTo(first, path)))
    return new Map(answers.map(({ path, servedBy }) => [path, servedBy]))
  }

  #shares(): string {
    const { ledger, names } = this.#fleet
    return names.map((name) => `${name} ${ledger.held(name, 0).length}`).join(', ')
  }
}

/** Enough of them that every member owns some. */
const CANDIDATE_PATHS: readonly string[] = Array.from({ length: 40 }, (_, i) => `/carts/${i + 1}`)

function pathOwnedBy(name: string, owners: ReadonlyMap<string, string>): string {
  const found = [...owners].find(([, owner]) => owner === name)
  check(found !== undefined, `${name} answers for none of ${owners.size} paths`)
  return found[0]
}

async function answerTo(member: FleetMember, path: string): Promise<Answer> {
  const answer = await tryAnswer(member, path)
  check(answer !== undefined, `${member.name} could not say who owns ${path}`)
  return answer
}

/** `undefined` while nobody serves the path. */
async function tryAnswer(member: FleetMember, path: string): Promise<Answer | undefined> {
  const response = await fetch(new URL(path, member.url))
  if (response.ok) return (await response.json()) as Answer
  await response.body?.cancel()
  return undefined
}

function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
