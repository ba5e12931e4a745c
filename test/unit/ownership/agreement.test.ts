import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  agreedConfiguration,
  bears,
  disagreements,
  type Party,
} from '../../../packages/libring/src/ownership/agreement.ts'
import {
  configurationOf,
  decodeRingTags,
  encodeRingTags,
  RINGS_MAX,
  type RingStanding,
  type RingTag,
} from '../../../packages/libring/src/ownership/ring-tag.ts'
import { resolveRingOptions, type RingOptions } from '../../../packages/libring/src/ring/options.ts'

const configuration = (options: RingOptions = {}, rest = 'watch ring=/active/') => {
  return configurationOf(resolveRingOptions(options), rest)
}
const tag = (options: RingOptions = {}, standing: RingStanding = 'serving'): RingTag => {
  return { name: 'jobs', standing, configuration: configuration(options) }
}

describe('the tag', () => {
  test('says everything in at most 64 bytes a ring', () => {
    const longest: RingTag = {
      name: 'a'.repeat(12),
      standing: 'returning',
      configuration: configuration({
        partitions: 65_536,
        redundancy: 16,
        slack: 1_000,
        primarySlack: 1_000,
        keyHash: { name: 'h'.repeat(16), hash: () => 0 },
      }),
    }
    const text = encodeRingTags([longest])
    expect(text).toHaveLength(64)
    expect(decodeRingTags(text)).toEqual([longest])
  })

  test('is plain to read', () => {
    expect(encodeRingTags([tag()])).toMatch(/^1,jobs,s,512,3,b1,50,100,murmur3,[0-9a-f]{8}$/)
  })

  test('tells of several rings, and leaves out what it does not know', () => {
    const rings = [tag(), { ...tag({ partitions: 7 }, 'router'), name: 'rooms' }]
    const text = encodeRingTags(rings)
    expect(decodeRingTags(text)).toEqual(rings)
    expect(decodeRingTags(`2,new,form;${text};;x`)).toEqual(rings)
    const many = Array.from({ length: RINGS_MAX + 3 }, () => tag())
    expect(decodeRingTags(encodeRingTags(many))).toHaveLength(RINGS_MAX)
  })

  test('no text makes the reader throw, and what it reads it can write', () => {
    const written = encodeRingTags([tag()])
    const mutated = fc
      .tuple(fc.nat(written.length), fc.string({ maxLength: 3 }))
      .map(([at, put]) => {
        return written.slice(0, at) + put + written.slice(at + put.length)
      })
    fc.assert(
      fc.property(fc.oneof(fc.string(), mutated), (text) => {
        const read = decodeRingTags(text)
        expect(decodeRingTags(encodeRingTags(read))).toEqual(read)
      }),
      { seed: 7, numRuns: 2_000 },
    )
  })
})

describe('the agreement', () => {
  const parties = (...tags: (RingTag | undefined)[]): Party[] =>
    tags.map((tag, index) => ({ name: `m${index}`, tag }))

  test('is what most members bear, whatever they are about to do', () => {
    const agreed = agreedConfiguration(
      parties(tag(), tag({ partitions: 64 }), tag({ partitions: 64 }, 'draining')),
    )
    expect(agreed?.partitions).toBe(64)
  })

  test('does not count routers', () => {
    const routers = [tag({ partitions: 64 }, 'router'), tag({ partitions: 64 }, 'router')]
    expect(agreedConfiguration(parties(tag(), ...routers))?.partitions).toBe(512)
    expect(agreedConfiguration(parties(...routers))).toBeUndefined()
  })

  test('of equally many is the first by bytes, in whatever order they are heard of', () => {
    const tags = [tag({ partitions: 9 }), tag({ partitions: 10 }), tag({ partitions: 300 })]
    for (const order of [tags, tags.toReversed()]) {
      expect(agreedConfiguration(parties(...order))?.partitions).toBe(10)
    }
  })

  test('takes in those who say nothing in the modes of Go libring, or where they are accepted', () => {
    const [plain, ours] = parties(undefined, tag())
    const go = configuration({ assignment: 'go-uniform' })
    expect(bears(plain!, go, 'refuse')).toBe(true)
    expect(bears(plain!, configuration(), 'refuse')).toBe(false)
    expect(bears(plain!, configuration(), 'accept')).toBe(true)
    expect(bears(ours!, configuration(), 'refuse')).toBe(true)
    expect(bears(ours!, go, 'accept')).toBe(false)
  })

  test('names every field that differs, its values and who bears them', () => {
    const odd = parties(
      tag(),
      tag({ redundancy: 2, slack: 0 }),
      tag(),
      tag({}, 'router'),
      undefined,
    )
    expect(disagreements(odd)).toEqual([
      {
        field: 'redundancy',
        values: [
          { value: '2', members: ['m1'] },
          { value: '3', members: ['m0', 'm2'] },
        ],
      },
      {
        field: 'slack',
        values: [
          { value: '0', members: ['m1'] },
          { value: '50', members: ['m0', 'm2'] },
        ],
      },
    ])
    expect(disagreements(parties(tag(), tag()))).toEqual([])
  })

  test('sees what is not in clear by its checksum', () => {
    const left = configuration({}, 'watch ring=/active/')
    const right = configuration({}, 'watch ring=/on/')
    expect(left.rest).not.toBe(right.rest)
  })
})
