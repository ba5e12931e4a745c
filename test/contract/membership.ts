import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Member, MemberEvent } from '../../packages/libring/src/base/member.ts'
import type { Membership } from '../../packages/libring/src/ports/membership.ts'

/** How to make a membership with one member, and how its time passes. */
export interface MembershipCase {
  readonly create: () => Membership
  /** What a promise comes to, while time passes. */
  readonly settled: <T>(promise: Promise<T>) => Promise<T>
  /** Whether the local member stays when the program goes. @defaultValue false */
  readonly outlives?: boolean
}

const TOO_LARGE = { blob: 'x'.repeat(600) }

/** What every membership promises. Run it for the real ones and for the simulated one alike. */
export function membershipContract(
  name: string,
  { create, settled, outlives = false }: MembershipCase,
): void {
  let membership: Membership

  beforeEach(() => {
    membership = create()
  })

  afterEach(async () => {
    await settled(membership.stop())
  })

  const local = (): Member | undefined =>
    membership.members().find((member) => member.name === membership.localName)

  describe(`${name} keeps the membership contract`, () => {
    test('the local member has a name before the start, and is alive after it', async () => {
      expect(membership.localName).not.toBe('')
      await settled(membership.start())
      expect(local()).toMatchObject({ name: membership.localName, status: 'alive' })
    })

    test('starting twice, or at the same time, is starting once', async () => {
      const heard = listen(membership)
      await settled(Promise.all([membership.start(), membership.start()]))
      await settled(membership.start())
      expect(heard.map(({ type }) => type)).toEqual(['member-join'])
    })

    test('the table and the events agree, at every event and in the end', async () => {
      const table = new Map<string, Member>()
      const missing: string[] = []
      membership.subscribe(({ type, members }) => {
        const shown = new Map(membership.members().map((member) => [member.name, member]))
        for (const member of members) {
          if (type === 'member-reap') table.delete(member.name)
          else table.set(member.name, member)
          if (!sameRecord(shown.get(member.name), table.get(member.name))) missing.push(member.name)
        }
      })
      await settled(membership.start())
      await settled(membership.setTags({ a: '1' }))
      await settled(membership.setTags({ b: '2' }))
      await settled(membership.leave())
      expect(missing).toEqual([])
      expect(plain([...table.values()])).toEqual(plain(membership.members()))
    })

    test('whoever is there has an incarnation, and a stranger has none', async () => {
      expect(membership.incarnationOf(membership.localName)).toBeUndefined()
      await settled(membership.start())
      expect(membership.incarnationOf(membership.localName)).toBeGreaterThanOrEqual(0)
      expect(membership.incarnationOf('nobody')).toBeUndefined()
    })

    test('a listener is told an incarnation that never goes down', async () => {
      const told: (number | undefined)[] = []
      membership.subscribe(({ members }) => {
        for (const { name } of members) told.push(membership.incarnationOf(name))
      })
      await settled(membership.start())
      await settled(membership.setTags({ a: '1' }))
      await settled(membership.leave())
      expect(told).not.toContain(undefined)
      expect(told).toEqual(told.toSorted((left, right) => left! - right!))
    })

    test('tags set before the start are there after it', async () => {
      await settled(membership.setTags({ ring: 'active' }))
      await settled(membership.start())
      expect(local()?.tags).toEqual({ ring: 'active' })
    })

    test('tags set after the start replace the old ones, and are told', async () => {
      await settled(membership.start())
      await settled(membership.setTags({ ring: 'idle', zone: 'a' }))
      const heard = listen(membership)
      await settled(membership.setTags({ ring: 'active' }))
      expect(local()?.tags).toEqual({ ring: 'active' })
      expect(heard.map(({ type, members }) => [type, members[0]?.tags])).toEqual([
        ['member-update', { ring: 'active' }],
      ])
    })

    test('tags are copied', async () => {
      await settled(membership.start())
      const tags = { ring: 'active' }
      await settled(membership.setTags(tags))
      tags.ring = 'idle'
      expect(local()?.tags).toEqual({ ring: 'active' })
    })

    test('tags that are too large are refused, and change nothing', async () => {
      const refusal = { code: 'LIBRING_OPTION_INVALID' }
      await expect(membership.setTags(TOO_LARGE)).rejects.toMatchObject(refusal)
      await settled(membership.start())
      await settled(membership.setTags({ ring: 'active' }))
      const heard = listen(membership)
      await expect(membership.setTags(TOO_LARGE)).rejects.toMatchObject(refusal)
      expect([local()?.tags, heard]).toEqual([{ ring: 'active' }, []])
    })

    test('a record that was handed out never changes', async () => {
      await settled(membership.start())
      const before = local()
      const text = JSON.stringify(before)
      await settled(membership.setTags({ ring: 'active' }))
      await settled(membership.leave())
      expect(JSON.stringify(before)).toBe(text)
    })

    test('a list that was handed out never changes', async () => {
      await settled(membership.start())
      const before = membership.members()
      const text = JSON.stringify(before)
      await settled(membership.setTags({ ring: 'active' }))
      expect(JSON.stringify(before)).toBe(text)
    })

    test('a listener that stopped hears nothing, and stopping again does no harm', async () => {
      const heard: MemberEvent[] = []
      const listener = (event: MemberEvent): void => void heard.push(event)
      const stop = membership.subscribe(listener)
      membership.subscribe(() => stop())
      stop()
      stop()
      await settled(membership.start())
      expect(heard).toEqual([])
    })

    test('a listener added twice hears twice, and stops one by one', async () => {
      const heard: MemberEvent[] = []
      const listener = (event: MemberEvent): void => void heard.push(event)
      const stop = membership.subscribe(listener)
      membership.subscribe(listener)
      await settled(membership.start())
      expect(heard).toHaveLength(2)
      stop()
      await settled(membership.setTags({ ring: 'active' }))
      expect(heard).toHaveLength(3)
    })

    test('leaving before the start does no harm', async () => {
      await settled(membership.leave())
      await settled(membership.start())
      expect(local()?.status).toBe('alive')
    })

    test('how soon it can be declared dead is a time, at any time', async () => {
      const times = [membership.deathAfterMs()]
      await settled(membership.start())
      times.push(membership.deathAfterMs())
      expect(times.every((ms) => ms > 0)).toBe(true)
    })

    test('leaving, once or twice, leaves a local member alive that outlives us, no other', async () => {
      await settled(membership.start())
      await settled(Promise.all([membership.leave(), membership.leave()]))
      await settled(membership.leave())
      expect(local()?.status).toBe(outlives ? 'alive' : 'left')
    })

    test('stopping is possible from every state, twice and at once', async () => {
      await settled(Promise.all([membership.stop(), membership.stop()]))
      membership = create()
      await settled(membership.start())
      await settled(Promise.all([membership.stop(), membership.stop()]))
      await settled(membership.stop())
      await settled(membership.leave())
    })

    test('stopping while it starts or leaves ends both', async () => {
      const starting = membership.start().catch(() => {})
      await settled(membership.stop())
      await settled(starting)
      membership = create()
      await settled(membership.start())
      const leaving = membership.leave().catch(() => {})
      await settled(membership.stop())
      await settled(leaving)
    })

    test('after the stop nothing can be begun, and nobody hears of anything', async () => {
      await settled(membership.start())
      const heard = listen(membership)
      await settled(membership.stop())
      const closed = { code: 'LIBRING_CLOSED' }
      await expect(settled(membership.start())).rejects.toMatchObject(closed)
      await expect(settled(membership.setTags({}))).rejects.toMatchObject(closed)
      expect(heard).toEqual([])
    })
  })
}

function listen(membership: Membership): MemberEvent[] {
  const heard: MemberEvent[] = []
  membership.subscribe((event) => void heard.push(event))
  return heard
}

function sameRecord(left: Member | undefined, right: Member | undefined): boolean {
  return JSON.stringify(left && plain([left])) === JSON.stringify(right && plain([right]))
}

/** Members as plain values, in one order. */
function plain(members: readonly Member[]): unknown[] {
  return members
    .map(({ name, host, port, tags, status }) => ({ name, host, port, tags: { ...tags }, status }))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}
