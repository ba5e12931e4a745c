import { describe, expect, test } from 'vitest'
import { EventFeed } from '../../../packages/libring/src/cluster/event-feed.ts'
import type { OwnershipEvent } from '../../../packages/libring/src/ownership/event.ts'
import { aStep } from '../../support/ownership.ts'

type Reader = AsyncIterator<OwnershipEvent>

/** A feed, and a way to publish the next step of a partition. */
class Script {
  readonly feed = new EventFeed()
  readonly #roles = new Map<number, number | undefined>()
  #seq = 0

  become(partition: number, role: number | undefined): void {
    this.feed.publish(aStep(partition, this.#roles.get(partition), role, ++this.#seq)!)
    this.#roles.set(partition, role)
  }

  read(type: OwnershipEvent['type'] | 'any' = 'any'): Reader {
    return this.feed.stream(type)[Symbol.asyncIterator]()
  }
}

async function take(reader: Reader, count: number): Promise<string[]> {
  const taken: string[] = []
  for (let i = 0; i < count; i++) {
    const { done, value } = await reader.next()
    taken.push(done === true ? 'done' : textOf(value))
  }
  return taken
}

function textOf(event: OwnershipEvent): string {
  return `${event.type} ${event.partition} as ${event.replica}`
}

/** What is settled by the time everything that can go on has gone on. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => (settled = true))
  for (let i = 0; i < 10; i++) await Promise.resolve()
  return settled
}

describe('a reader', () => {
  test('opens with an acquire for everything held, then hears every step', async () => {
    const script = new Script()
    script.become(1, 0)
    script.become(2, 1)
    script.become(1, 2)
    const reader = script.read()
    expect(await take(reader, 2)).toEqual(['acquire 2 as 1', 'acquire 1 as 2'])
    script.become(2, undefined)
    expect(await take(reader, 1)).toEqual(['release 2 as 1'])
  })

  test('that asks first is answered when something happens', async () => {
    const script = new Script()
    const reader = script.read()
    const asked = take(reader, 2)
    script.become(1, 0)
    script.become(2, 0)
    expect(await asked).toEqual(['acquire 1 as 0', 'acquire 2 as 0'])
  })

  test('may ask several times at once', async () => {
    const script = new Script()
    const reader = script.read()
    const asked = Promise.all([reader.next(), reader.next()])
    script.become(1, 0)
    script.become(2, 0)
    expect((await asked).map(({ value }) => value?.partition)).toEqual([1, 2])
  })

  test('that is slow gets the outcome of what it missed', async () => {
    const script = new Script()
    const reader = script.read()
    script.become(1, 0)
    expect(await take(reader, 1)).toEqual(['acquire 1 as 0'])
    script.become(1, 1)
    script.become(1, undefined)
    script.become(1, 2)
    script.become(2, 0)
    script.become(2, undefined)
    script.become(3, 0)
    expect(await take(reader, 2)).toEqual(['change 1 as 2', 'acquire 3 as 0'])
  })

  test('is one of several, each at its own pace', async () => {
    const script = new Script()
    const [fast, slow] = [script.read(), script.read()]
    script.become(1, 0)
    expect(await take(fast, 1)).toEqual(['acquire 1 as 0'])
    script.become(1, 1)
    expect(await take(fast, 1)).toEqual(['change 1 as 1'])
    expect(await take(slow, 1)).toEqual(['acquire 1 as 1'])
  })

  test('that went away hears nothing more, not even what it had asked for', async () => {
    const script = new Script()
    const reader = script.read()
    const asked = reader.next()
    expect(await reader.return?.()).toEqual({ done: true, value: undefined })
    expect(await asked).toEqual({ done: true, value: undefined })
    script.become(1, 0)
    expect(await take(reader, 1)).toEqual(['done'])
  })

  test('is let go by leaving a loop', async () => {
    const script = new Script()
    script.become(1, 0)
    for await (const event of script.feed.stream('any')) {
      expect(event.partition).toBe(1)
      break
    }
    expect(await isSettled(script.feed.whenCaughtUp())).toBe(true)
    expect(script.feed.readers).toBe(0)
  })
})

describe('a filtered reader', () => {
  test('hears its type only', async () => {
    const script = new Script()
    const [acquires, releases] = [script.read('acquire'), script.read('release')]
    script.become(1, 0)
    script.become(2, 0)
    expect(await take(acquires, 2)).toEqual(['acquire 1 as 0', 'acquire 2 as 0'])
    const released = take(releases, 1)
    script.become(1, 1)
    script.become(1, undefined)
    expect(await released).toEqual(['release 1 as 1'])
  })

  test('sees what others see: steps fold before they are chosen from', async () => {
    const script = new Script()
    script.become(1, 0)
    const acquires = script.read('acquire')
    expect(await take(acquires, 1)).toEqual(['acquire 1 as 0'])
    script.become(1, undefined)
    script.become(1, 0)
    script.become(2, 0)
    expect(await take(acquires, 1)).toEqual(['acquire 2 as 0'])
  })
})

describe('the end', () => {
  test('comes after what waits', async () => {
    const script = new Script()
    const reader = script.read()
    script.become(1, 0)
    script.feed.end()
    expect(await take(reader, 3)).toEqual(['acquire 1 as 0', 'done', 'done'])
  })

  test('answers whoever has asked', async () => {
    const script = new Script()
    const asked = take(script.read(), 1)
    script.feed.end()
    expect(await asked).toEqual(['done'])
  })

  test('is all that a late reader hears once everything is released', async () => {
    const script = new Script()
    script.become(1, 0)
    script.become(1, undefined)
    script.feed.end()
    expect(await take(script.read(), 1)).toEqual(['done'])
  })
})

describe('readers have caught up', () => {
  test('at once when there are none', async () => {
    expect(await isSettled(new Script().feed.whenCaughtUp())).toBe(true)
  })

  test('when each has asked for more than the last step', async () => {
    const script = new Script()
    const reader = script.read()
    script.become(1, 0)
    const caughtUp = script.feed.whenCaughtUp()
    expect(await isSettled(caughtUp)).toBe(false)
    await take(reader, 1)
    expect(await isSettled(caughtUp)).toBe(false)
    void reader.next()
    expect(await isSettled(caughtUp)).toBe(true)
  })

  test('without those who hear of acquires only', async () => {
    const script = new Script()
    const reader = script.read('acquire')
    script.become(1, 0)
    await take(reader, 1)
    expect(await isSettled(script.feed.whenCaughtUp())).toBe(true)
  })

  test('when the one that lags goes away', async () => {
    const script = new Script()
    const reader = script.read('release')
    const caughtUp = script.feed.whenCaughtUp()
    await reader.return?.()
    expect(await isSettled(caughtUp)).toBe(true)
  })

  test('when the one that lags reads to the end', async () => {
    const script = new Script()
    const reader = script.read()
    script.become(1, 0)
    script.become(1, undefined)
    script.become(2, 0)
    script.feed.end()
    const caughtUp = script.feed.whenCaughtUp()
    await take(reader, 1)
    expect(await isSettled(caughtUp)).toBe(false)
    await take(reader, 1)
    expect(await isSettled(caughtUp)).toBe(true)
  })
})
