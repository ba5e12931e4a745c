import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PEER_MESSAGE_BYTES_MAX } from '../../../packages/libring/src/gossip/peer-messages.ts'
import {
  decodePeerMessage,
  encodePeerMessage,
  AWAY_ENTRIES_MAX,
  STATE_BYTES_MAX,
  type AwayEntry,
  type PeerMessage,
} from '../../../packages/libring/src/ownership/messages.ts'
import {
  decodePartitions,
  encodePartitions,
  PARTITIONS_MAX,
} from '../../../packages/libring/src/ownership/partition-set.ts'
import { HEARD_LIMIT } from '../../../packages/libring/src/ownership/token.ts'

const partition = fc.nat({ max: PARTITIONS_MAX - 1 })
const partitions = fc
  .uniqueArray(partition, { maxLength: 20 })
  .map((set) => [...set].sort((left, right) => left - right))
const token = fc.bigInt({ min: 0n, max: HEARD_LIMIT - 1n })
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const header = {
  life: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  seq: count,
  clock: token,
  digest: fc.nat({ max: 0xffff_ffff }),
  space: fc.nat({ max: 0xffff_ffff }),
}
const standing = fc.constantFrom(
  'none' as const,
  'holding' as const,
  'letting-go' as const,
  'taking' as const,
  'waiting' as const,
)
const holdings = fc.array(fc.record({ partition, token }), { maxLength: 8 })
const awayEntry = fc.record({
  name: fc.string({ minLength: 1, maxLength: 32, unit: 'grapheme-ascii' }),
  weight: fc.integer({ min: 1, max: 65_535 }),
  zone: fc.string({ maxLength: 32, unit: 'grapheme-ascii' }),
  incarnation: fc.nat({ max: 0xffff_ffff }),
  leftMs: fc.nat({ max: 0xffff_ffff }),
})
const message: fc.Arbitrary<PeerMessage> = fc.oneof(
  fc.record({
    type: fc.constant('ask' as const),
    ...header,
    groups: fc.array(fc.record({ attempt: count, letGo: fc.boolean(), partitions }), {
      maxLength: 4,
    }),
  }),
  fc.record({
    type: fc.constant('answer' as const),
    ...header,
    asker: header.life,
    groups: fc.array(fc.record({ attempt: count, standing, partitions }), { maxLength: 4 }),
    legacies: fc.array(fc.record({ partition, token, state: fc.uint8Array() }), { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('acquired' as const), ...header, holdings }),
  fc.record({ type: fc.constant('offer' as const), ...header, holdings }),
  fc.record({ type: fc.constant('parting' as const), ...header, partitions }),
  fc.record({
    type: fc.constant('away' as const),
    ...header,
    asks: fc.boolean(),
    isInformed: fc.boolean(),
    entries: fc.array(awayEntry, { maxLength: 4 }),
  }),
)

const EMPTY_OFFER = encodePeerMessage({
  type: 'offer',
  life: 1n,
  seq: 1,
  clock: 1n,
  digest: 1,
  space: 1,
  holdings: [],
})

describe('a message between members', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(message, (written) => {
        expect(decodePeerMessage(encodePeerMessage(written))).toEqual({ message: written })
      }),
      { seed: 11, numRuns: 400 },
    )
  })

  test('that is cut anywhere is a fault', () => {
    fc.assert(
      fc.property(message, (written) => {
        const bytes = encodePeerMessage(written)
        for (let length = 0; length < bytes.length; length++) {
          expect(decodePeerMessage(bytes.subarray(0, length)).fault).toBe('truncated')
        }
      }),
      { seed: 12, numRuns: 40 },
    )
  })

  test('that is anything at all never throws', () => {
    const types = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 255)
    const bytes = fc
      .tuple(types, fc.uint8Array({ maxLength: 200 }))
      .map(([type, rest]) => Uint8Array.of(type, ...rest))
    fc.assert(
      fc.property(bytes, (given) => {
        const { message: read, fault } = { message: undefined, ...decodePeerMessage(given) }
        expect((read === undefined) !== (fault === undefined)).toBe(true)
      }),
      { seed: 13, numRuns: 2_000 },
    )
  })

  test('that has one byte changed never throws', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat({ max: 255 }), (written, at, byte) => {
        const bytes = encodePeerMessage(written)
        bytes[at % bytes.length] = byte
        decodePeerMessage(bytes)
      }),
      { seed: 14, numRuns: 1_000 },
    )
  })

  test('of a type nobody knows, or with more behind it, is a fault', () => {
    expect(decodePeerMessage(Uint8Array.of(9, 0x80))).toEqual({ fault: 'unknown-type' })
    expect(decodePeerMessage(Uint8Array.of(...EMPTY_OFFER, 0))).toEqual({ fault: 'surplus' })
  })

  test('with a token from the far future is malformed', () => {
    const offer = { type: 'offer', life: 1n, seq: 1, digest: 1, space: 1, holdings: [] } as const
    const bytes = encodePeerMessage({ ...offer, clock: HEARD_LIMIT })
    expect(decodePeerMessage(bytes)).toEqual({ fault: 'malformed' })
  })

  test('tells of nobody away who could not be a member', () => {
    const away = {
      type: 'away',
      life: 1n,
      seq: 1,
      clock: 1n,
      digest: 1,
      space: 1,
      asks: true,
      isInformed: true,
    } as const
    const ann = { name: 'ann', weight: 1, zone: 'a', incarnation: 1, leftMs: 1 }
    const read = (entries: readonly AwayEntry[]): ReturnType<typeof decodePeerMessage> => {
      return decodePeerMessage(encodePeerMessage({ ...away, entries }))
    }
    const longest = { ...ann, name: 'é'.repeat(64), zone: 'é'.repeat(256) }
    const full = Array.from({ length: AWAY_ENTRIES_MAX }, () => longest)
    expect(read(full)).toEqual({ message: { ...away, entries: full } })
    expect(encodePeerMessage({ ...away, entries: full }).length).toBeLessThan(
      PEER_MESSAGE_BYTES_MAX,
    )
    expect(read([...full, ann])).toEqual({ fault: 'too-large' })
    for (const fields of [
      { name: '' },
      { name: 'é'.repeat(65) },
      { zone: 'é'.repeat(257) },
      { weight: 0 },
      { weight: 65_536 },
    ]) {
      expect(read([ann, { ...ann, ...fields }])).toEqual({ fault: 'malformed' })
    }
  })

  test('leaves no more state than one partition may', () => {
    const answer = {
      type: 'answer',
      life: 1n,
      seq: 1,
      clock: 1n,
      digest: 1,
      space: 1,
      asker: 1n,
    } as const
    const read = (bytes: number): ReturnType<typeof decodePeerMessage> => {
      const legacies = [{ partition: 1, token: 1n, state: new Uint8Array(bytes) }]
      return decodePeerMessage(encodePeerMessage({ ...answer, groups: [], legacies }))
    }
    expect(read(STATE_BYTES_MAX).fault).toBeUndefined()
    expect(read(STATE_BYTES_MAX + 1)).toEqual({ fault: 'too-large' })
  })

  test('does not hold on to the buffer it came in', () => {
    const answer = {
      type: 'answer',
      life: 1n,
      seq: 1,
      clock: 1n,
      digest: 1,
      space: 1,
      asker: 1n,
    } as const
    const legacies = [{ partition: 1, token: 1n, state: Uint8Array.of(7) }]
    const bytes = encodePeerMessage({ ...answer, groups: [], legacies })
    const decoded = decodePeerMessage(bytes)
    bytes.fill(0)
    expect(decoded).toMatchObject({ message: { legacies } })
  })
})

describe('a set of partitions', () => {
  test('of neighbours is a byte each', () => {
    const all = Array.from({ length: PARTITIONS_MAX }, (_, i) => i)
    const bytes = encodePartitions(all)
    expect(bytes.length).toBe(PARTITIONS_MAX)
    expect(decodePartitions(bytes)).toEqual(all)
  })

  test('may come in any order', () => {
    expect(decodePartitions(encodePartitions([65_535, 0, 128, 127]))).toEqual([0, 127, 128, 65_535])
  })

  test.each([
    ['that ends within a number', [0x80]],
    ['with a number of too many bytes', [0x80, 0x80, 0x80, 0x00]],
    ['with a partition that no ring has', [0xff, 0xff, 0x03, 0x00]],
  ])('%s is none', (_, bytes) => {
    expect(decodePartitions(Uint8Array.from(bytes))).toBeUndefined()
  })
})
