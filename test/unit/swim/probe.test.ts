import { expect, test } from 'vitest'
import {
  advanceProbe,
  probeDeadlineMs,
  type Probe,
} from '../../../packages/libring/src/swim/probe.ts'

const started: Probe = { phase: 'direct', seq: 7, relayAtMs: 500, failAtMs: 1_000 }
const relayed = (nacksExpected: number) => {
  return advanceProbe(started, { type: 'relayed', nacksExpected }, 500)
}

test('an ack in time settles the probe', () => {
  const acked = advanceProbe(started, { type: 'ack', seq: 7 }, 100)
  expect(acked).toEqual({ phase: 'acked', by: 'packet' })
  expect(probeDeadlineMs(acked)).toBeUndefined()
})

test('an ack to an older ping changes nothing', () => {
  expect(advanceProbe(started, { type: 'ack', seq: 6 }, 100)).toBe(started)
  const asked = relayed(3)
  expect(advanceProbe(asked, { type: 'ack', seq: 6 }, 600)).toBe(asked)
})

test('silence that healthy peers confirm by nacks says nothing about our own health', () => {
  let probe = relayed(2)
  probe = advanceProbe(probe, { type: 'nack', seq: 7 }, 700)
  probe = advanceProbe(probe, { type: 'nack', seq: 7 }, 700)
  expect(probeDeadlineMs(probe)).toBe(1_000)
  expect(advanceProbe(probe, { type: 'tick' }, 1_000)).toEqual({
    phase: 'failed',
    awarenessDelta: 0,
  })
})

test('every nack that is missing counts against our own health', () => {
  const probe = advanceProbe(relayed(3), { type: 'nack', seq: 7 }, 700)
  expect(advanceProbe(probe, { type: 'tick' }, 1_000)).toEqual({
    phase: 'failed',
    awarenessDelta: 2,
  })
})

test('with nobody to ask a failure counts one', () => {
  expect(advanceProbe(relayed(0), { type: 'tick' }, 1_000)).toEqual({
    phase: 'failed',
    awarenessDelta: 1,
  })
})

test('an answer over a stream saves the member, at the deadline', () => {
  const probe = advanceProbe(relayed(3), { type: 'stream-ack', seq: 7 }, 800)
  expect(probe.phase).toBe('relayed')
  expect(advanceProbe(probe, { type: 'tick' }, 1_000)).toEqual({ phase: 'acked', by: 'stream' })
})

test('a tick that comes very late still ends in failure, not in a second chance', () => {
  expect(advanceProbe(started, { type: 'tick' }, 60_000)).toEqual({
    phase: 'failed',
    awarenessDelta: 1,
  })
})

test('a verdict is final', () => {
  const failed = advanceProbe(started, { type: 'tick' }, 1_000)
  expect(advanceProbe(failed, { type: 'ack', seq: 7 }, 1_001)).toBe(failed)
})
