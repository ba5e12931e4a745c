/** `npm start`: members come and go, and everybody in a room can always talk to each other again. */
import { play, type Stage } from 'libring-example-stage'
import { Guest } from './guest.ts'

const PARTITIONS = 32
const ROOMS = Array.from({ length: 20 }, (_, index) => `/rooms/${index + 1}`)
const GUESTS_PER_ROOM = 4

let remarks = 0

await play(
  {
    title: `${ROOMS.length} rooms with ${GUESTS_PER_ROOM} guests each, who came in at different members`,
    program: new URL('member.main.ts', import.meta.url),
    partitions: PARTITIONS,
  },
  async (stage) => {
    stage.settings['partitions'] = `${PARTITIONS}`
    await stage.start('anise', 'basil', 'clove')
    await stage.settled()
    stage.sayShares()

    const guests = ROOMS.flatMap((room, index) =>
      Array.from({ length: GUESTS_PER_ROOM }, (_, nth) => {
        return new Guest(room, index + nth, () => stage.members.map(({ url }) => url))
      }),
    )
    const meet = (what: string): Promise<void> => allMeet(stage, guests, what)
    await meet('in the beginning')

    stage.say('basil is killed.')
    await stage.kill('basil')
    await stage.settled()
    await meet('after basil was killed')

    stage.say('dill joins, and some rooms move there.')
    await stage.start('dill')
    await stage.settled()
    await meet('after dill had joined')

    stage.say('anise is asked to end: it tells its guests to come back elsewhere, and leaves.')
    await stage.drain('anise')
    await stage.settled()
    await meet('after anise had left')

    const moved = guests.filter(({ reconnects }) => reconnects > 0).length
    stage.say(
      `${moved} of ${guests.length} guests had to connect again, some of them more than once.`,
    )
    for (const guest of guests) guest.leave()
  },
)

/**
 * Wait until every guest is in its room, and all of a room at one member; then have each say
 * something, and see that the others of its room have heard it, and nobody else has.
 */
async function allMeet(stage: Stage, guests: readonly Guest[], what: string): Promise<void> {
  const startedAtMs = performance.now()
  const others = (guest: Guest): readonly Guest[] =>
    guests.filter(({ room }) => room === guest.room)
  const remark = `remark ${++remarks}`
  const said = (guest: Guest): string => `${remark} in ${guest.room} by ${guests.indexOf(guest)}`
  const isHeard = (guest: Guest): boolean =>
    others(guest).every((each) => each.hasHeard(said(guest)))
  await stage.until(`everybody to meet ${what}`, () => {
    const unheard = guests.filter((guest) => !isHeard(guest))
    for (const guest of unheard) guest.say(said(guest))
    const areIn = guests.every(({ host }) => host !== undefined && stage.names.includes(host))
    return areIn && unheard.length === 0
  })
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1)
  stage.say(`Everybody is in and was heard, ${seconds} s after the ring had settled.`)

  const split = ROOMS.filter((room) => {
    const hosts = guests.filter((guest) => guest.room === room).map(({ host }) => host)
    return new Set(hosts).size !== 1
  })
  const overheard = guests.filter((guest) => {
    return guests.some((each) => each.room !== guest.room && each.hasHeard(said(guest)))
  })
  stage.claim(
    `All ${guests.length} guests met ${what}: each room at one member, everyone heard by their room alone`,
    split.length === 0 && overheard.length === 0,
    `${split.join(', ')}; overheard: ${overheard.length}`,
  )
}
