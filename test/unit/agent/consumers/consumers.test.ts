import type { Handled, AcquireEvent, ReleaseEvent } from 'libring'
import { expect, test } from 'vitest'
import { Consumers } from '../../../../packages/agent/src/consumers/consumers.ts'
import type { Consumer, ConsumerStep } from '../../../../packages/agent/src/consumers/consumer.ts'
import { ConsumerSessions } from '../../../../packages/agent/src/consumers/sessions.ts'
import type { OutboxEntry } from '../../../../packages/agent/src/consumers/outbox.ts'
import type { SessionStream } from '../../../../packages/agent/src/consumers/session.ts'
import type { Timers } from '../../../../packages/agent/src/consumers/timers.ts'

class FakeTimers implements Timers {
  readonly pending = new Set<() => void>()

  after(_delayMs: number, call: () => void): () => void {
    this.pending.add(call)
    return () => this.pending.delete(call)
  }

  fire(): void {
    const due = [...this.pending]
    this.pending.clear()
    for (const call of due) call()
  }
}

class Stream implements SessionStream {
  readonly steps: OutboxEntry[] = []
  readonly calledOffIds: number[] = []
  isFull = false
  ended: string | undefined

  step(entry: OutboxEntry): void {
    this.steps.push(entry)
  }

  calledOff({ id }: OutboxEntry): void {
    this.calledOffIds.push(id)
  }

  end(reason: string): void {
    this.ended = reason
  }

  get told(): string[] {
    return this.steps.map(({ id, step }) => `${id} ${step.type} ${step.partition}`)
  }
}

function acquire(
  partition: number,
  signal: AbortSignal = new AbortController().signal,
): Handled<AcquireEvent> {
  return {
    type: 'acquire',
    seq: 1,
    partition,
    replica: 0,
    from: undefined,
    cause: [],
    token: 255n,
    signal,
  }
}

function release(
  partition: number,
  signal: AbortSignal = new AbortController().signal,
): Handled<ReleaseEvent> {
  return { type: 'release', seq: 2, partition, replica: 0, to: undefined, cause: [], signal }
}

/** Lets whatever is due as a microtask happen. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  await turn()
  return settled
}

function attachedSession() {
  const timers = new FakeTimers()
  const news: boolean[] = []
  const consumers = new Consumers({ timers, onAttached: (isAttached) => news.push(isAttached) })
  const sessions = new ConsumerSessions(consumers, { timers })
  const session = sessions.open('refuse')
  const stream = new Stream()
  const { disconnect, resume } = session.connect(stream, 0)
  const take = (event: Handled<AcquireEvent>): Promise<unknown> =>
    consumers.handlers.onAcquire(event) as Promise<unknown>
  const letGo = (event: Handled<ReleaseEvent>): Promise<unknown> =>
    consumers.handlers.onRelease(event) as Promise<unknown>
  return { timers, news, consumers, sessions, session, stream, disconnect, resume, take, letGo }
}

test('a step waits for its acknowledgement, and an acknowledged release hands its state on', async () => {
  const { session, stream, take, letGo } = attachedSession()
  const taken = take(acquire(3))
  expect(await isSettled(taken)).toBe(false)
  expect(stream.told).toEqual(['1 acquire 3'])
  expect(stream.steps[0]?.step.token).toBe('00000000000000ff')
  expect(session.acknowledge({ id: 1 })).toBe(true)
  await taken

  const released = letGo(release(3))
  await turn()
  session.acknowledge({ id: 2, state: Uint8Array.of(7) })
  expect(await released).toEqual(Uint8Array.of(7))
  expect(session.pendingCount).toBe(0)
})

test('a step that the consumer says it failed fails its handler', async () => {
  const { session, take } = attachedSession()
  const taken = take(acquire(3))
  await turn()
  session.acknowledge({ id: 1, error: 'disk full' })
  await expect(taken).rejects.toThrow('disk full')
})

test('an acknowledgement of what was never told, or told twice, says so and does nothing', async () => {
  const { session, take } = attachedSession()
  const taken = take(acquire(3))
  await turn()
  expect(session.acknowledge({ id: 99 })).toBe(false)
  expect(await isSettled(taken)).toBe(false)
  expect(session.acknowledge({ id: 1 })).toBe(true)
  expect(session.acknowledge({ id: 1 })).toBe(false)
})

test('over a cut connection steps come in order, none lost, and none again that were received', async () => {
  const { session, take, disconnect } = attachedSession()
  void take(acquire(1))
  void take(acquire(2))
  await turn()
  disconnect()
  void take(acquire(3))
  await turn()
  const second = new Stream()
  session.connect(second, 1)
  expect(second.told).toEqual(['2 acquire 2', '3 acquire 3'])
  session.acknowledge({ id: 2 })
  const third = new Stream()
  session.connect(third, 0)
  expect(second.ended).toBe('resumed-elsewhere')
  expect(third.told).toEqual(['1 acquire 1', '3 acquire 3'])
})

test('a consumer that comes back in time stays attached', () => {
  const { timers, news, session, disconnect } = attachedSession()
  disconnect()
  session.connect(new Stream(), 0)
  timers.fire()
  expect(news).toEqual([true])
})

test('a consumer gone for too long keeps nobody waiting, and its session is over', async () => {
  const { timers, news, sessions, session, disconnect, take, letGo } = attachedSession()
  const taken = take(acquire(3))
  await turn()
  session.acknowledge({ id: 1 })
  await taken
  const released = letGo(release(3))
  await turn()
  disconnect()
  expect(await isSettled(released)).toBe(false)
  timers.fire()
  expect(await released).toBeUndefined()
  expect(news).toEqual([true, false])
  expect(sessions.find(session.id)).toBeUndefined()
})

test('an acquire without a consumer waits for the next one', async () => {
  const { session, sessions, take } = attachedSession()
  session.end()
  const taken = take(acquire(3))
  expect(await isSettled(taken)).toBe(false)
  const next = sessions.open('refuse')
  const stream = new Stream()
  next.connect(stream, 0)
  await turn()
  expect(stream.told).toEqual(['1 acquire 3'])
  next.acknowledge({ id: 1 })
  await taken
})

test('an acquire without a consumer ends when it is called off', async () => {
  const { session, take } = attachedSession()
  session.end()
  const controller = new AbortController()
  const taken = take(acquire(3, controller.signal))
  await turn()
  controller.abort(new Error('called off'))
  await expect(taken).rejects.toThrow('called off')
})

test('a second consumer is refused, or takes over all that is held', async () => {
  const { news, sessions, session, stream, take } = attachedSession()
  const taken = take(acquire(3))
  await turn()
  session.acknowledge({ id: 1 })
  await taken
  expect(() => sessions.open('refuse')).toThrow('another consumer is attached')
  const second = sessions.open('takeover')
  expect(sessions.current).toBe(second)
  expect(stream.ended).toBe('replaced')
  const its = new Stream()
  second.connect(its, 0)
  expect(its.told).toEqual(['1 acquire 3'])
  expect(its.steps[0]?.step.token).toBe('00000000000000ff')
  expect(news).toEqual([true])
})

test('a release whose time is over is still told to a consumer that comes back', async () => {
  const { session, take, letGo, disconnect } = attachedSession()
  const taken = take(acquire(3))
  await turn()
  session.acknowledge({ id: 1 })
  await taken
  disconnect()
  const controller = new AbortController()
  const released = letGo(release(3, controller.signal))
  await turn()
  controller.abort(new Error('time is over'))
  await expect(released).rejects.toThrow('time is over')
  void take(acquire(3))
  await turn()
  const stream = new Stream()
  session.connect(stream, 1)
  expect(stream.told).toEqual(['2 release 3', '3 acquire 3'])
})

test('however often a partition comes and goes, at most two of its steps are kept', async () => {
  const { session, take, letGo, disconnect } = attachedSession()
  disconnect()
  for (let round = 0; round < 50; round++) {
    for (const begin of [take, letGo]) {
      const controller = new AbortController()
      const { signal } = controller
      const step = begin === take ? take(acquire(3, signal)) : letGo(release(3, signal))
      await turn()
      controller.abort(new Error('called off'))
      await expect(step).rejects.toThrow('called off')
    }
  }
  expect(session.pendingCount).toBe(2)
})

test('what a consumer refuses when it takes over is told again', async () => {
  const timers = new FakeTimers()
  const consumers = new Consumers({ timers })
  const done: Consumer = { take: () => Promise.resolve(undefined) }
  const attachment = consumers.attach(done)
  await (consumers.handlers.onAcquire(acquire(3)) as Promise<unknown>)
  attachment.end()
  const told: ConsumerStep[] = []
  consumers.attach({
    take(step) {
      told.push(step)
      return told.length === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve(undefined)
    },
  })
  await turn()
  timers.fire()
  await turn()
  timers.fire()
  expect(told.map(({ type, partition }) => `${type} ${partition}`)).toEqual([
    'acquire 3',
    'acquire 3',
  ])
})

test('a consumer that is slow to read is sent no more until it has read, and then everything', async () => {
  const { stream, resume, take } = attachedSession()
  void take(acquire(1))
  await turn()
  stream.isFull = true
  void take(acquire(2))
  const controller = new AbortController()
  take(acquire(3, controller.signal)).catch(() => {})
  await turn()
  controller.abort(new Error('called off'))
  expect(stream.told).toEqual(['1 acquire 1'])
  expect(stream.calledOffIds).toEqual([])
  stream.isFull = false
  resume()
  expect(stream.told).toEqual(['1 acquire 1', '2 acquire 2', '3 acquire 3'])
  expect(stream.calledOffIds).toEqual([3])
})
