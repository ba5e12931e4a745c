import { expect, test } from 'vitest'
import { Fifo } from '../../../packages/libring/src/base/fifo.ts'
import type { Machine } from '../../../packages/libring/src/base/machine.ts'
import { Driver } from '../../../packages/libring/src/gossip/driver.ts'
import type { Clock, Timer } from '../../../packages/libring/src/ports/clock.ts'
import { SimClock } from '../../../packages/libring/src/sim/clock.ts'

/** Says what it is told, twice where told so, and wants a tick when told so. */
class Parrot implements Machine<string, string> {
  readonly #effects = new Fifo<string>()
  wakeMs: number | undefined

  handle(input: string, nowMs: number): void {
    if (input.startsWith('wake in ')) this.wakeMs = nowMs + Number(input.slice(8))
    else if (input === 'sleep') this.wakeMs = undefined
    else for (const word of input.split(' ')) this.#effects.push(word)
  }

  tick(nowMs: number): void {
    if (this.wakeMs === undefined || nowMs < this.wakeMs) return
    this.wakeMs = undefined
    this.#effects.push(`woke at ${nowMs}`)
  }

  deadlineMs(): number | undefined {
    return this.wakeMs
  }

  poll(): string | undefined {
    return this.#effects.take()
  }
}

/** Counts timers, so that a test can see them re-armed. */
class CountingClock implements Clock {
  readonly time = new SimClock()
  armed = 0

  nowMs(): number {
    return this.time.nowMs()
  }

  wallMs(): number {
    return this.time.wallMs()
  }

  at(atMs: number, callback: () => void): Timer {
    this.armed++
    return this.time.at(atMs, callback)
  }
}

function setUp(perform: (effect: string, driver: Driver<string, string>) => void = () => {}) {
  const clock = new CountingClock()
  const said: string[] = []
  const driver: Driver<string, string> = new Driver(new Parrot(), clock, (effect) => {
    said.push(effect)
    perform(effect, driver)
  })
  return { clock, said, driver }
}

test('effects are carried out within the call, in order', () => {
  const { said, driver } = setUp()
  driver.feed('one two')
  driver.feed('three')
  expect(said).toEqual(['one', 'two', 'three'])
})

test('what an effect feeds back comes after the effects already decided', () => {
  const { said, driver } = setUp((effect, driver) => {
    if (effect === 'one') driver.feed('echo again')
  })
  driver.feed('one two')
  expect(said).toEqual(['one', 'two', 'echo', 'again'])
})

test('an effect that feeds the driver is finished before the next begins', () => {
  const steps: string[] = []
  const { driver } = setUp((effect, driver) => {
    steps.push(`begin ${effect}`)
    if (effect === 'one') driver.feed('echo')
    steps.push(`end ${effect}`)
  })
  driver.feed('one two')
  expect(steps).toEqual(['begin one', 'end one', 'begin two', 'end two', 'begin echo', 'end echo'])
})

test('the machine is woken at its deadline', () => {
  const { clock, said, driver } = setUp()
  driver.feed('wake in 50')
  clock.time.runUntil(49)
  expect(said).toEqual([])
  clock.time.runUntil(100)
  expect(said).toEqual(['woke at 50'])
})

test('the timer is armed anew only when the deadline has changed', () => {
  const { clock, said, driver } = setUp()
  driver.feed('wake in 50')
  driver.feed('hello')
  driver.feed('again')
  expect(clock.armed).toBe(1)
  driver.feed('wake in 20')
  expect(clock.armed).toBe(2)
  clock.time.runUntil(100)
  expect(said).toEqual(['hello', 'again', 'woke at 20'])
})

test('a deadline that is withdrawn is not kept', () => {
  const { clock, said, driver } = setUp()
  driver.feed('wake in 50')
  driver.feed('sleep')
  clock.time.runUntil(100)
  expect(said).toEqual([])
  expect(clock.time.pending).toBe(0)
})

test('the same deadline can be asked for again once it is over', () => {
  let again = 1
  const { clock, said, driver } = setUp((effect, driver) => {
    if (effect === 'woke at 50' && again-- > 0) driver.feed('wake in 0')
  })
  driver.feed('wake in 50')
  clock.time.runUntil(100)
  expect(said).toEqual(['woke at 50', 'woke at 50'])
})

test('a disposed driver does nothing, whatever comes', () => {
  const { clock, said, driver } = setUp()
  driver.feed('wake in 50')
  driver[Symbol.dispose]()
  driver[Symbol.dispose]()
  driver.feed('hello')
  clock.time.runUntil(100)
  expect(said).toEqual([])
  expect(clock.time.pending).toBe(0)
})

test('disposed by an effect, it drops those that were to follow', () => {
  const { clock, said, driver } = setUp((effect, driver) => {
    if (effect === 'stop') driver[Symbol.dispose]()
  })
  driver.feed('wake in 50')
  driver.feed('one stop two')
  clock.time.runUntil(100)
  expect(said).toEqual(['one', 'stop'])
})

test('an effect that throws does not jam the driver', () => {
  const { said, driver } = setUp((effect) => {
    if (effect === 'bang') throw new Error('bang')
  })
  expect(() => driver.feed('bang after')).toThrow('bang')
  driver.feed('next')
  expect(said).toEqual(['bang', 'after', 'next'])
})
