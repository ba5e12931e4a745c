import { beforeEach, describe, expect, test } from 'vitest'
import { seededRandom } from '../../../packages/libring/src/base/random.ts'
import { Beliefs } from '../../../packages/libring/src/swim/beliefs.ts'
import { newSwimStats } from '../../../packages/libring/src/swim/stats.ts'
import type { Alive, Versions } from '../../../packages/libring/src/wire/messages.ts'

const versions: Versions = [1, 5, 2, 2, 5, 5]
const meta = Uint8Array.of(0xff, 0x80)
const setting = {
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  probeIntervalMs: 1_000,
  deadNodeReclaimMs: 0,
}
const addr = (last: number) => Uint8Array.of(127, 0, 0, last)
const alive = (node: string, incarnation: number, overrides: Partial<Alive> = {}): Alive => {
  return {
    type: 'alive',
    node,
    incarnation,
    addr: addr(9),
    port: 7946,
    meta,
    versions,
    ...overrides,
  }
}
const suspect = (node: string, incarnation: number, from = 'bob') => {
  return { type: 'suspect', node, incarnation, from } as const
}
const dead = (node: string, incarnation: number, from = 'bob') => {
  return { type: 'dead', node, incarnation, from } as const
}

let beliefs: Beliefs
beforeEach(() => {
  beliefs = new Beliefs('self', setting, seededRandom(1))
  beliefs.introduce({ addr: addr(1), port: 7946, meta, versions }, 0)
})
const known = (name: string) => {
  const row = beliefs.members.get(name)
  return row === undefined ? undefined : `${row.state} ${row.incarnation}`
}

describe('of other members', () => {
  test('a new name comes up and is passed on', () => {
    const verdict = beliefs.alive(alive('ann', 3), 1)
    expect(verdict.change?.kind).toBe('up')
    expect(verdict.spread).toMatchObject({ type: 'alive', node: 'ann', incarnation: 3 })
    expect(known('ann')).toBe('alive 3')
  })

  test('nothing of the packet that a claim came in is kept', () => {
    const packet = Uint8Array.of(127, 0, 0, 9, 0xff, 0x80, 1, 2, 3)
    const claim = { addr: packet.subarray(0, 4), meta: packet.subarray(4, 6) }
    beliefs.alive(alive('ann', 3, claim), 1)
    packet.fill(0)
    const { addr: keptAddr, meta: keptMeta } = beliefs.members.get('ann')!
    expect([keptAddr, keptMeta]).toEqual([addr(9), meta])
    expect([keptAddr.buffer.byteLength, keptMeta.buffer.byteLength]).toEqual([4, 2])
  })

  test('the same claim again is not passed on', () => {
    beliefs.alive(alive('ann', 3), 1)
    expect(beliefs.alive(alive('ann', 3), 2)).toEqual({})
  })

  test('new meta at a higher incarnation is an update', () => {
    beliefs.alive(alive('ann', 3), 1)
    const verdict = beliefs.alive(alive('ann', 4, { meta: Uint8Array.of(0xff, 0x81) }), 2)
    expect(verdict.change?.kind).toBe('update')
  })

  test('a suspect that refutes comes back without an event', () => {
    beliefs.alive(alive('ann', 3), 1)
    beliefs.suspect(suspect('ann', 3), 2)
    const verdict = beliefs.alive(alive('ann', 4), 3)
    expect(verdict.change).toBeUndefined()
    expect(verdict.suspicion).toEqual({ name: 'ann', untilMs: undefined })
    expect(known('ann')).toBe('alive 4')
    expect(beliefs.suspicionOver('ann', 60_000)).toEqual({})
  })

  test('a suspect that stays silent is declared dead at its incarnation', () => {
    beliefs.alive(alive('ann', 3), 1)
    const raised = beliefs.suspect(suspect('ann', 5), 2)
    expect(raised.suspicion?.untilMs).toBe(2 + 4_000)
    const verdict = beliefs.suspicionOver('ann', 4_002)
    expect(verdict.spread).toEqual(dead('ann', 5, 'self'))
    expect(verdict.change?.kind).toBe('down')
    expect(known('ann')).toBe('dead 5')
  })

  test('further accusers are passed on only while they bring the verdict nearer', () => {
    for (const name of ['ann', 'bob', 'cat', 'dan']) beliefs.alive(alive(name, 1), 1)
    const first = beliefs.suspect(suspect('ann', 1, 'bob'), 2)
    expect(beliefs.suspect(suspect('ann', 1, 'bob'), 3)).toEqual({})
    const second = beliefs.suspect(suspect('ann', 1, 'cat'), 4)
    expect(second.spread).toEqual(suspect('ann', 1, 'cat'))
    expect(second.suspicion!.untilMs!).toBeLessThan(first.suspicion!.untilMs!)
    expect(beliefs.suspect(suspect('ann', 1, 'dan'), 5).spread).toBeDefined()
    expect(beliefs.suspect(suspect('ann', 1, 'eve'), 6)).toEqual({})
  })

  test('whoever announces its own death has left, and returns only with a higher incarnation', () => {
    beliefs.alive(alive('ann', 3), 1)
    expect(beliefs.dead(dead('ann', 3, 'ann'), 2).change?.kind).toBe('left')
    expect(beliefs.alive(alive('ann', 3), 3)).toEqual({})
    expect(beliefs.alive(alive('ann', 4), 4).change?.kind).toBe('up')
  })

  test('nothing is believed of a name never heard of but that it is alive', () => {
    expect(beliefs.suspect(suspect('ghost', 1), 1)).toEqual({})
    expect(beliefs.dead(dead('ghost', 1), 1)).toEqual({})
    expect(known('ghost')).toBeUndefined()
  })

  test('of the rows of another table, whoever is alive or suspect there is a member, unlike the dead', () => {
    for (const state of ['alive', 'suspect', 'dead', 'left'] as const) {
      const { node: name, incarnation, addr, port, meta, versions } = alive(state, 3)
      beliefs.remote({ name, incarnation, addr, port, meta, versions: versions!, state }, 1)
    }
    const states = ['alive', 'suspect', 'dead', 'left'].map(known)
    expect(states).toEqual(['alive 3', 'alive 3', undefined, undefined])
    const { addr, port, meta, versions } = alive('alive', 3)
    const row = { name: 'alive', incarnation: 3, addr, port, meta, versions: versions! }
    expect(beliefs.remote({ ...row, state: 'suspect' }, 2).suspicion?.name).toBe('alive')
    expect(known('alive')).toBe('suspect 3')
  })

  test('another address on a name that is taken is a conflict, until its holder has left', () => {
    beliefs.alive(alive('ann', 3), 1)
    const elsewhere = alive('ann', 1, { addr: addr(10) })
    expect(beliefs.alive(elsewhere, 2).conflict?.claimed).toEqual({
      host: '127.0.0.10',
      port: 7946,
    })
    beliefs.dead(dead('ann', 3), 3)
    expect(beliefs.alive(elsewhere, 4).conflict).toBeDefined()
    beliefs.alive(alive('ann', 4), 5)
    beliefs.dead(dead('ann', 4, 'ann'), 6)
    expect(beliefs.alive(elsewhere, 7).change?.kind).toBe('up')
    expect(known('ann')).toBe('alive 1')
  })

  test('with a reclaim time the name of the dead is free once it is over', () => {
    const reclaiming = { ...setting, deadNodeReclaimMs: 100 }
    const beliefs = new Beliefs('self', reclaiming, seededRandom(1))
    beliefs.alive(alive('ann', 3), 1)
    beliefs.dead(dead('ann', 3), 2)
    const elsewhere = alive('ann', 4, { addr: addr(10) })
    expect(beliefs.alive(elsewhere, 102).conflict).toBeDefined()
    expect(beliefs.alive(elsewhere, 103, true).change?.kind).toBe('up')
    expect(beliefs.members.get('ann')?.address.host).toBe('127.0.0.10')
  })

  test('the name of the dead moves by a later claim, once its address has answered to it', () => {
    const reclaiming = { ...setting, deadNodeReclaimMs: 100 }
    const beliefs = new Beliefs('self', reclaiming, seededRandom(1))
    beliefs.alive(alive('ann', 3), 1)
    beliefs.dead(dead('ann', 3), 2)
    for (const isProven of [false, true]) {
      expect(beliefs.alive(alive('ann', 3, { addr: addr(10) }), 103, isProven)).toEqual({})
    }
    const claim = alive('ann', 4, { addr: addr(10) })
    const at = { host: '127.0.0.10', port: 7946 }
    expect(beliefs.alive(claim, 103)).toEqual({ unproven: { claim, at } })
    expect(beliefs.members.get('ann')?.state).toBe('dead')
    // In its old place it is believed as ever, and whoever claimed the name comes too late.
    expect(beliefs.alive(alive('ann', 5), 104).change?.kind).toBe('up')
    expect(beliefs.alive(claim, 105, true).conflict?.claimed).toEqual(at)
  })

  test('the mapped form of an address is another address', () => {
    beliefs.alive(alive('ann', 3), 1)
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 9)
    expect(beliefs.alive(alive('ann', 4, { addr: mapped }), 2).conflict).toBeDefined()
  })

  test.each([
    ['an empty range of versions', { versions: [5, 1, 2, 2, 5, 5] as Versions }],
    ['versions from nought', { versions: [0, 5, 2, 2, 5, 5] as Versions }],
    ['a version outside its own range', { versions: [1, 5, 200, 2, 5, 5] as Versions }],
    ['a version that we do not speak', { versions: [1, 7, 6, 2, 5, 5] as Versions }],
    ['a range without our version', { versions: [3, 5, 3, 2, 5, 5] as Versions }],
    ['a delegate version outside its range', { versions: [1, 5, 2, 2, 5, 6] as Versions }],
    ['a range without our delegate version', { versions: [1, 5, 2, 2, 4, 4] as Versions }],
    ['no versions at all', { versions: undefined }],
    ['an incarnation nobody could refute', { incarnation: 0xffff_ffff }],
    ['an incarnation that leaves little room', { incarnation: 0xffff_e000 }],
  ])('a newcomer with %s is refused', (_, overrides) => {
    expect(beliefs.alive(alive('ann', 3, overrides), 1)).toEqual({ refused: true })
    expect(known('ann')).toBeUndefined()
  })

  test('port 0 stands for our own port', () => {
    beliefs.alive(alive('ann', 3, { port: 0 }), 1)
    expect(beliefs.members.get('ann')?.address).toEqual({ host: '127.0.0.9', port: 7946 })
  })

  test('what somebody else calls dead is only suspect to us, accused by ourselves', () => {
    beliefs.alive(alive('ann', 3), 1)
    const verdict = beliefs.remote({ ...alive('ann', 3), name: 'ann', state: 'dead' }, 2)
    expect(verdict.spread).toEqual(suspect('ann', 3, 'self'))
    expect(known('ann')).toBe('suspect 3')
  })

  test('what somebody else calls left has left', () => {
    beliefs.alive(alive('ann', 3), 1)
    beliefs.remote({ ...alive('ann', 3), name: 'ann', state: 'left' }, 2)
    expect(known('ann')).toBe('left 3')
  })
})

test('every suspicion is counted once, and how it ended', () => {
  const stats = newSwimStats()
  const counted = new Beliefs('self', setting, seededRandom(1), stats)
  counted.introduce({ addr: addr(1), port: 7946, meta, versions }, 0)
  for (const name of ['ann', 'bob', 'cat', 'dan']) {
    counted.alive(alive(name, 3), 1)
    counted.suspect(suspect(name, 3, 'eve'), 2)
    counted.suspect(suspect(name, 3, 'fay'), 3)
  }
  counted.suspect(suspect('self', 1), 4)
  counted.alive(alive('ann', 4), 5)
  counted.suspicionOver('bob', 60_000)
  counted.dead(dead('cat', 3), 60_000)
  counted.dead(dead('dan', 3, 'dan'), 60_000)
  counted.dead(dead('ann', 4), 60_000)
  expect(stats).toMatchObject({
    suspicions: 4,
    suspicionsRefuted: 1,
    suspicionsConfirmed: 2,
  })
})

describe('of ourselves', () => {
  const own = (incarnation: number, overrides: Partial<Alive> = {}) => {
    return alive('self', incarnation, { addr: addr(1), ...overrides })
  }

  test('an echo of our own claim is ignored', () => {
    expect(beliefs.alive(own(1), 1)).toEqual({})
  })

  test.each([
    ['a suspicion', () => beliefs.suspect(suspect('self', 1), 1), 2],
    ['a suspicion from the future', () => beliefs.suspect(suspect('self', 6), 1), 7],
    ['our death', () => beliefs.dead(dead('self', 7), 1), 8],
    ['our farewell in another mouth', () => beliefs.dead(dead('self', 7, 'self'), 1), 8],
    ['a life of ours that we do not know', () => beliefs.alive(own(20), 1), 21],
    ['other meta at our incarnation', () => beliefs.alive(own(1, { meta: addr(4) }), 1), 2],
    ['no versions at our incarnation', () => beliefs.alive(own(1, { versions: undefined }), 1), 2],
  ])('%s is refuted one incarnation above it', (_, accuse, refutedAt) => {
    const verdict = accuse()
    expect(verdict.refuted).toBe(true)
    expect(verdict.spread).toMatchObject({ type: 'alive', node: 'self', incarnation: refutedAt })
    expect(known('self')).toBe(`alive ${refutedAt}`)
  })

  test('an accusation at an incarnation we have left behind is ignored', () => {
    beliefs.suspect(suspect('self', 4), 1)
    expect(beliefs.suspect(suspect('self', 4), 2)).toEqual({})
  })

  test('new meta is an update at the next incarnation', () => {
    const identity = { addr: addr(1), port: 7946, meta: Uint8Array.of(0xff, 0x81), versions }
    const verdict = beliefs.introduce(identity, 1)
    expect(verdict.change?.kind).toBe('update')
    expect(known('self')).toBe('alive 2')
  })

  test('after the farewell nothing is refuted any more', () => {
    const verdict = beliefs.depart(1)
    expect(verdict.spread).toEqual(dead('self', 1, 'self'))
    expect(verdict.change?.kind).toBe('left')
    expect(beliefs.alive(own(9), 2)).toEqual({})
    expect(beliefs.dead(dead('self', 9), 2)).toEqual({})
    expect(known('self')).toBe('left 1')
  })
})

describe('forged incarnations near the limit', () => {
  const LIMIT = 0xffff_0000
  /** The least time of a suspect, in a table as small as ours here. */
  const SETTLED_MS = 4_000
  const own = (incarnation: number) => alive('self', incarnation, { addr: addr(1) })

  test.each([
    ['a suspicion', (on: Beliefs) => on.suspect(suspect('self', LIMIT), 1)],
    ['a death', (on: Beliefs) => on.dead(dead('self', LIMIT), 1)],
    ['a farewell', (on: Beliefs) => on.dead(dead('self', LIMIT, 'self'), 1)],
    ['a life of ours', (on: Beliefs) => on.alive({ ...own(LIMIT + 255), meta: addr(7) }, 1)],
  ])('%s is refuted by a claim that all others believe', (_, forge) => {
    const other = new Beliefs('ann', setting, seededRandom(2))
    other.introduce({ addr: addr(2), port: 7946, meta, versions }, 0)
    other.alive(own(1), 0)
    forge(other)
    const refutation = forge(beliefs).spread as Alive
    other.alive(refutation, 2)
    const { incarnation } = refutation
    expect(other.members.get('self')).toMatchObject({ state: 'alive', incarnation, meta })
  })

  // Both at the highest number that is believed of us; one peer hears the forged claim too, one does not.
  test('a life of ours that was told to us alone is refuted by a claim that all others believe', () => {
    const [deceived, spared] = [2, 3].map((last) => {
      const other = new Beliefs('ann', setting, seededRandom(last))
      other.introduce({ addr: addr(last), port: 7946, meta, versions }, 0)
      other.alive(own(1), 0)
      return other
    })
    const forged = { ...own(LIMIT + 256), meta: addr(7) }
    deceived!.alive(forged, 1)
    const first = beliefs.alive(forged, 1).spread as Alive
    spared!.alive(first, 2)
    expect(spared!.members.get('self')).toMatchObject({ incarnation: first.incarnation, meta })
    deceived!.alive(first, 2)
    // Whoever believes it passes it on, to us as well, and is answered once all others know the first.
    expect(beliefs.alive(forged, 3)).toEqual({ refused: true })
    const second = beliefs.alive(forged, 2 + SETTLED_MS).spread as Alive
    for (const other of [deceived!, spared!]) {
      other.alive(second, 3 + SETTLED_MS)
      const { incarnation } = second
      expect(other.members.get('self')).toMatchObject({ state: 'alive', incarnation, meta })
    }
  })

  test.each([
    ['lives', (at: number) => beliefs.alive(own(at + 255), 2)],
    ['suspicions', (at: number) => beliefs.suspect(suspect('self', at), 2)],
    ['deaths', (at: number) => beliefs.dead(dead('self', at), 2)],
  ])('many %s in quick succession bring ours no further than all others believe', (_, forge) => {
    const other = new Beliefs('ann', setting, seededRandom(2))
    other.introduce({ addr: addr(2), port: 7946, meta, versions }, 0)
    other.alive(own(1), 0)
    beliefs.alive(own(LIMIT - 1), 1)
    for (let turn = 0; turn < 600; turn++) forge(beliefs.members.get('self')!.incarnation)
    const { incarnation } = beliefs.members.get('self')!
    expect(incarnation).toBe(LIMIT + 256)
    other.alive(own(incarnation), 3)
    expect(other.members.get('self')).toMatchObject({ state: 'alive', incarnation })
    const later = beliefs.suspect(suspect('self', incarnation), 2 + SETTLED_MS)
    expect(later.spread).toMatchObject({ type: 'alive', incarnation: incarnation + 1 })
  })

  test('above it an accusation counts only at the incarnation that is known', () => {
    beliefs.alive(alive('ann', LIMIT + 9), 1)
    expect(beliefs.suspect(suspect('ann', LIMIT + 10), 2)).toEqual({ refused: true })
    expect(beliefs.dead(dead('ann', LIMIT + 10), 2)).toEqual({ refused: true })
    expect(known('ann')).toBe(`alive ${LIMIT + 9}`)
    beliefs.suspect(suspect('ann', LIMIT + 9), 3)
    expect(beliefs.suspicionOver('ann', 9_000).change?.kind).toBe('down')
    expect(beliefs.alive(alive('ann', LIMIT + 10), 9_001).change?.kind).toBe('up')
  })

  test('above it a life counts only near the incarnation that is known', () => {
    beliefs.alive(alive('ann', 3), 1)
    expect(beliefs.alive(alive('ann', LIMIT + 257), 2)).toEqual({ refused: true })
    beliefs.alive(alive('ann', LIMIT + 256), 3)
    beliefs.alive(alive('ann', LIMIT + 257), 4)
    expect(known('ann')).toBe(`alive ${LIMIT + 257}`)
  })

  test('never bring our own beyond what a message can bear', () => {
    for (let turn = 0; turn < 300; turn++) {
      const { incarnation } = beliefs.members.get('self')!
      beliefs.alive(own(Math.max(incarnation, LIMIT) + 256), turn * SETTLED_MS)
    }
    const identity = { addr: addr(1), port: 7946, meta, versions }
    for (let turn = 0; turn < 300; turn++) beliefs.introduce(identity, 300 * SETTLED_MS)
    expect(known('self')).toBe(`alive ${0xffff_ff00}`)
  })
})
