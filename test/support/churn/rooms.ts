import { until, type Crew } from './crew.ts'
import type { Meeting, SocketsProcess } from './sockets-process.ts'
import { nowMs } from './words.ts'

/** What became of rooms after a member had gone. */
export interface Reunion {
  /** The member was told to go, or was killed. */
  readonly at: number
  readonly meetings: readonly Meeting[]
  /** Rooms of which somebody does not hear what is said there. */
  readonly missing: number
  /** How many rooms were on the member. */
  readonly moved: number
}

/** A member goes in one of the two ways; resolves once the sockets of every room have met again. */
export async function reunite(
  crew: Crew,
  sockets: SocketsProcess,
  name: string,
  how: 'drain' | 'kill',
): Promise<Reunion> {
  const moved = sockets.places.filter((place) => place === name).length
  const others = crew.hosts.filter((host) => host !== crew.member(name).host)
  sockets.forget()
  const at = nowMs()
  if (how === 'drain') {
    sockets.address(others)
    await crew.drain(name)
  } else {
    await crew.kill(name)
    // Clients try everybody until they find out.
    await until('all sockets of a room are elsewhere', () => !sockets.places.includes(name))
  }
  await crew.settled()
  await until('every room has met', () => sockets.haveMet && !sockets.places.includes(name))
  return { at, meetings: sockets.meetings, missing: await sockets.call(), moved }
}
