import { Crew, SHAPE, until } from '../../test/support/churn/crew.ts'
import { spreadOf, type Spread } from '../../test/support/churn/figures.ts'
import { reunite } from '../../test/support/churn/rooms.ts'
import { FIVE } from '../../test/support/churn/scenarios.ts'
import { loopbackAddresses } from '../../test/support/loopback.ts'

const ROOMS = 200
const SOCKETS = 1_000

/** How the sockets of rooms met again after a member had gone. */
export interface RoomFigures {
  readonly how: 'drain' | 'kill'
  readonly rooms: number
  readonly sockets: number
  /** How many rooms were on that member. */
  readonly moved: number
  /** Rooms that lost a socket: those, and others whose sockets came in by that member. */
  readonly disturbed: number
  /** Of each, from the first socket that was closed until all were on one member, in ms. */
  readonly apart: Spread
  /** The same from the first that had connected again. */
  readonly gathering: Spread
  /** From when the member was told, or killed, until the last room had met. */
  readonly allMetMs: number
  /** Rooms where a socket does not hear what another one says. */
  readonly missing: number
}

export async function benchRooms(
  given: { readonly seed: number; readonly execArgv: readonly string[] },
  how: 'drain' | 'kill',
): Promise<RoomFigures> {
  await using crew = new Crew(SHAPE, loopbackAddresses(), given.execArgv)
  await crew.form(FIVE)
  const sockets = crew.sockets({ seed: given.seed, rooms: ROOMS, sockets: SOCKETS })
  await until('every room has met', () => sockets.haveMet)
  const { at, meetings, missing, moved } = await reunite(crew, sockets, sockets.places[0]!, how)
  return {
    ...{ how, rooms: ROOMS, sockets: SOCKETS, moved, missing },
    disturbed: meetings.length,
    apart: spreadOf(meetings.map(({ lostAt, metAt }) => metAt - lostAt)),
    gathering: spreadOf(meetings.map(({ backAt, metAt }) => metAt - backAt)),
    allMetMs: Math.max(...meetings.map(({ metAt }) => metAt)) - at,
  }
}
