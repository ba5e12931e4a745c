import { describe, expect, test } from 'vitest'
import { EventFeed } from '../../../packages/libring/src/cluster/event-feed.ts'
import type { OwnershipEvent } from '../../../packages/libring/src/ownership/event.ts'
import { aStep } from '../../support/ownership.ts'

type Reader = AsyncIterator<OwnershipEvent>

/** A feed, and a way to publish the next step of a partition. */
class Script {
  /** Of which partitions less was owed, in order. */
  readonly progress: number[] = []
  readonly feed = new EventFeed((partition) => this.progress.push(partition))
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
    expect([script.feed.owes(1), script.feed.readers]).toEqual([undefined, 0])
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

describe('a step is dealt with', () => {
  test('at once where nobody reads', () => {
    const script = new Script()
    script.become(1, 0)
    expect(script.feed.owes(1)).toBeUndefined()
  })

  test('once the reader that was given it has asked for more', async () => {
    const script = new Script()
    const reader = script.read()
    script.become(1, 0)
    expect(script.feed.owes(1)).toBe(1)
    await take(reader, 1)
    expect([script.feed.owes(1), script.progress]).toEqual([1, []])
    void reader.next()
    expect([script.feed.owes(1), script.progress]).toEqual([undefined, [1]])
  })

  test('not yet where the reader had asked for more before it was given it', async () => {
    const script = new Script()
    const reader = script.read()
    const asked = Promise.all([reader.next(), reader.next()])
    script.become(1, 0)
    expect(script.feed.owes(1)).toBe(1)
    script.become(2, 0)
    await asked
    expect([script.feed.owes(1), script.feed.owes(2)]).toEqual([1, 2])
    void reader.next()
    expect([script.feed.owes(1), script.feed.owes(2)]).toEqual([undefined, undefined])
  })

  test('partition by partition', async () => {
    const script = new Script()
    const reader = script.read()
    script.become(1, 0)
    script.become(2, 0)
    script.become(3, 0)
    await take(reader, 2)
    expect([1, 2, 3].map((partition) => script.feed.owes(partition))).toEqual([undefined, 2, 3])
  })

  test('with the fold that it came in, and not what was published since', async () => {
    const script = new Script()
    const reader = script.read()
    script.become(1, 0)
    script.become(1, 1)
    expect(script.feed.owes(1)).toBe(1)
    await take(reader, 1)
    script.become(1, 2)
    script.become(1, 3)
    void reader.next()
    expect(script.feed.owes(1)).toBe(3)
  })

  test('when it cancels out with the next before anybody was given it', () => {
    const script = new Script()
    script.read()
    script.become(1, 0)
    script.become(1, undefined)
    expect(script.feed.owes(1)).toBeUndefined()
  })

  test('whatever a reader of other steps does', async () => {
    const script = new Script()
    void script.read('release').next()
    script.become(1, 0)
    expect(script.feed.owes(1)).toBeUndefined()
    script.become(1, undefined)
    expect(script.feed.owes(1)).toBe(2)
  })

  test('not while a reader is busy with an earlier one, though it does not hear of the later', async () => {
    const script = new Script()
    const reader = script.read('acquire')
    script.become(1, 0)
    await take(reader, 1)
    script.become(1, undefined)
    expect(script.feed.owes(1)).toBe(1)
    void reader.next()
    expect(script.feed.owes(1)).toBeUndefined()
  })

  test('whatever readers do that came later', async () => {
    const script = new Script()
    script.become(1, 0)
    script.become(2, 0)
    const late = script.read()
    await take(late, 1)
    expect([script.feed.owes(1), script.feed.owes(2)]).toEqual([undefined, undefined])
    script.become(1, 1)
    script.become(2, 1)
    expect([script.feed.owes(1), script.feed.owes(2)]).toEqual([3, 4])
  })

  test('once the slowest of its readers is done', async () => {
    const script = new Script()
    const [fast, slow] = [script.read(), script.read()]
    script.become(1, 0)
    script.become(1, 1)
    await take(fast, 1)
    void fast.next()
    expect(script.feed.owes(1)).toBe(1)
    await take(slow, 1)
    void slow.next()
    expect(script.feed.owes(1)).toBeUndefined()
  })

  test('when a reader goes away, with all that waited for it', async () => {
    const script = new Script()
    const reader = script.read()
    script.become(1, 0)
    script.become(2, 0)
    await take(reader, 1)
    await reader.return?.()
    expect([script.feed.owes(1), script.feed.owes(2), script.progress]).toEqual([
      undefined,
      undefined,
      [1, 2],
    ])
  })

  test('when a reader reads to the end', async () => {
    const script = new Script()
    const reader = script.read()
    script.become(1, 0)
    script.feed.end()
    await take(reader, 1)
    expect(script.feed.owes(1)).toBe(1)
    await take(reader, 1)
    expect([script.feed.owes(1), script.feed.readers]).toEqual([undefined, 0])
  })
})
