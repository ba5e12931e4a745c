import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OpeningReader, peerOpening } from '../../packages/libring/src/wire/peer-opening.ts'
import {
  decodePeerFrame,
  encodePeerFrame,
  PEER_FAULTS,
  type PeerFrame,
} from '../../packages/libring/src/wire/peer.ts'
import {
  PEER_WINDOW_BYTES,
  ReceiveWindow,
  SendWindow,
} from '../../packages/libring/src/wire/peer-window.ts'
import { IN_CLEAR, type Security } from '../../packages/libring/src/wire/security.ts'
import { inPieces, joined, keyed, keyedAlike, Talk } from '../support/peer-talk.ts'

const seed = 0x9ee8
const faults = new Set<string>(PEER_FAULTS)

const name = fc.string({ minLength: 1, maxLength: 20 })
const headFrame = fc
  .record({
    version: fc.constant(1),
    topic: name,
    from: name,
    to: name,
    deadlineMs: fc.integer({ min: 1, max: 3_600_000 }),
  })
  .map((head): PeerFrame => ({ type: 'head', head }))
const chunkFrame = fc
  .uint8Array({ minLength: 1, maxLength: 200 })
  .map((bytes): PeerFrame => ({ type: 'chunk', bytes }))
const creditFrame = fc
  .integer({ min: 0, max: 0xffff_ffff })
  .map((bytes): PeerFrame => ({ type: 'credit', bytes }))
const endFrame = fc.constant<PeerFrame>({ type: 'end' })
const errorFrame = fc
  .record({ code: name, reason: name })
  .map((error): PeerFrame => ({ type: 'error', ...error }))
const middle = fc.array(fc.oneof(chunkFrame, creditFrame), { maxLength: 6 })

/** All that a dialling end may say, and an accepting one. */
const request = fc
  .tuple(headFrame, middle, endFrame, fc.array(creditFrame, { maxLength: 2 }))
  .map(([head, body, end, credit]) => [head, ...body, end, ...credit])
const reply = fc.tuple(middle, fc.oneof(endFrame, errorFrame)).map(([body, end]) => [...body, end])

const security = fc.constantFrom<() => Security>(
  () => IN_CLEAR,
  () => keyedAlike(),
  () => keyed({ label: 'blue' }),
)
const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 })

test('what one end says the other hears, however the stream cuts it', () => {
  fc.assert(
    fc.property(security, request, reply, sizes, (security, request, reply, sizes) => {
      const talk = new Talk(security())
      const asked = joined(talk.say('dialling', request))
      expect(talk.hear('dialling', inPieces(asked, sizes))).toMatchObject({
        frames: request,
        fault: undefined,
      })
      const answered = joined(talk.say('accepting', reply))
      expect(talk.hear('accepting', inPieces(answered, sizes))).toMatchObject({
        frames: reply,
        fault: undefined,
      })
    }),
    { seed, numRuns: 200 },
  )
})

test('a stream that is cut at any byte before the body is whole is truncated', () => {
  const run = fc.tuple(headFrame, fc.array(chunkFrame, { maxLength: 2 }), endFrame)
  fc.assert(
    fc.property(security, run, (security, [head, body, end]) => {
      const request = [head, ...body, end]
      const bytes = joined(new Talk(security()).say('dialling', request))
      for (let length = 0; length < bytes.length; length++) {
        const { frames, decoder } = new Talk(security()).hear('dialling', [
          bytes.subarray(0, length),
        ])
        expect(decoder.fault).toBeUndefined()
        expect(frames).toEqual(request.slice(0, frames.length))
        decoder.end()
        expect(decoder.fault).toBe('truncated')
      }
    }),
    { seed, numRuns: 15 },
  )
})

test('no bytes make a decoder throw, and it gives no frame with a fault unnamed', () => {
  const header = fc
    .tuple(
      fc.constantFrom(0, 10),
      fc.integer({ min: 0, max: 300 }),
      fc.uint8Array({ maxLength: 400 }),
    )
    .map(([form, length, rest]) => Uint8Array.of(form, 0, 0, length >> 8, length & 0xff, ...rest))
  const bytes = fc.oneof(header, fc.uint8Array({ maxLength: 400 }))
  const sender = fc.constantFrom('dialling' as const, 'accepting' as const)
  fc.assert(
    fc.property(security, sender, bytes, sizes, (security, sender, bytes, sizes) => {
      const whole = new Talk(security()).hear(sender, [bytes])
      const cut = new Talk(security()).hear(sender, inPieces(bytes, sizes))
      expect([cut.frames, cut.fault]).toEqual([whole.frames, whole.fault])
      expect(whole.fault === undefined || faults.has(whole.fault)).toBe(true)
    }),
    { seed, numRuns: 2_000 },
  )
})

test('no bytes make a frame throw, and a frame that is read is written the same', () => {
  const kind = fc.integer({ min: 0, max: 6 })
  const bytes = fc
    .tuple(kind, fc.uint8Array({ maxLength: 60 }))
    .map(([kind, rest]) => Uint8Array.of(kind, ...rest))
  fc.assert(
    fc.property(bytes, (bytes) => {
      const frame = decodePeerFrame(bytes)
      if (typeof frame === 'string') expect(faults.has(frame)).toBe(true)
      else expect(decodePeerFrame(encodePeerFrame(frame))).toEqual(frame)
    }),
    { seed, numRuns: 2_000 },
  )
})

test('under a key, no flipped bit goes unnoticed: only frames before it are heard', () => {
  fc.assert(
    fc.property(request, fc.nat(), (request, at) => {
      const frames = new Talk(keyedAlike()).say('dialling', request)
      const bytes = joined(frames)
      const bit = at % (8 * bytes.length)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      const { frames: heard, decoder } = new Talk(keyedAlike()).hear('dialling', [bytes])
      decoder.end()

      let intact = 0
      for (let end = 0; intact < frames.length; intact++) {
        end += frames[intact]!.length
        if (end > bit >> 3) break
      }
      expect(heard).toEqual(request.slice(0, intact))
      expect(decoder.fault).toBeDefined()
    }),
    { seed, numRuns: 500 },
  )
})

test('under a key, frames in any other order than they were said are not heard', () => {
  const cluster = keyed()
  fc.assert(
    fc.property(request, reply, fc.infiniteStream(fc.nat()), (request, reply, draws) => {
      const talk = new Talk(cluster)
      const said = talk.say('dialling', request)
      talk.hear('dialling', said)
      const answered = talk.say('accepting', reply)
      const elsewhere = new Talk(cluster).say('dialling', request)
      const pool = [...said, ...answered, ...elsewhere]
      const shown = said.map(() => pool[draws.next().value! % pool.length]!)

      const { frames } = new Talk(cluster).hear('dialling', shown)
      const matches = (frames: readonly Uint8Array[]) => {
        const at = shown.findIndex((frame, index) => frame !== frames[index])
        return at < 0 ? shown.length : at
      }
      // Of one stream or the other, from its first frame on, and never of both.
      const heard = Math.max(matches(said), matches(elsewhere))
      expect(frames).toEqual(request.slice(0, heard))

      const { frames: reflected } = talk.hear('accepting', said)
      expect(reflected).toEqual([])
    }),
    { seed, numRuns: 500 },
  )
})

test('an opening is told from everything else, however it is cut', () => {
  const label = fc.constantFrom('', 'blue', 'x'.repeat(255))
  const rest = fc.uint8Array({ maxLength: 20 })
  fc.assert(
    fc.property(label, rest, sizes, fc.nat(), (label, rest, sizes, at) => {
      const security = keyed({ label })
      const opening = peerOpening(security)
      const read = (bytes: Uint8Array) => {
        const reader = new OpeningReader(security)
        const pieces = inPieces(bytes, sizes)
        for (const [index, piece] of pieces.entries()) {
          const found = reader.push(piece)
          if (found.kind === 'other') return 'other'
          if (found.kind === 'peer') return joined([found.rest, ...pieces.slice(index + 1)])
        }
        return 'unknown'
      }
      expect(read(joined([opening, rest]))).toEqual(rest)
      const changed = joined([opening, rest])
      changed[at % opening.length]! ^= 1 + (at % 255)
      expect(read(changed)).toBe('other')
    }),
    { seed, numRuns: 300 },
  )
})

test('whatever is sent and read when, no more than a window is under way, and nothing jams', () => {
  const step = fc.record({
    length: fc.integer({ min: 1, max: 200_000 }),
    reads: fc.nat({ max: 8 }),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      const sending = new SendWindow()
      const receiving = new ReceiveWindow()
      const queue: number[] = []
      const read = () => {
        const chunk = queue.shift()
        const credit = chunk === undefined ? 0 : receiving.release(chunk)
        if (credit > 0) expect(sending.refill(credit)).toBe(true)
      }
      for (const { length, reads } of steps) {
        for (let left = length; left > 0;) {
          const chunk = sending.next(left)
          if (chunk === 0) {
            // The reader has something to read, else both would wait for ever.
            expect(queue.length).toBeGreaterThan(0)
            read()
            continue
          }
          sending.spend(chunk)
          expect(receiving.admit(chunk)).toBe(true)
          queue.push(chunk)
          left -= chunk
          expect(sending.usedBytes).toBeLessThanOrEqual(PEER_WINDOW_BYTES)
        }
        for (let i = 0; i < reads; i++) read()
      }
    }),
    { seed, numRuns: 300 },
  )
})
