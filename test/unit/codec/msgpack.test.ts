import { describe, expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import {
  bool,
  bytes,
  bytesNeverNil,
  decode,
  encode,
  float64,
  int,
  int64,
  list,
  nilable,
  omitEmpty,
  struct,
  STRUCT_VALUES_MAX,
  text,
  textMap,
  uint16,
  uint32,
  uint64,
  uint8,
  type Codec,
} from '../../../packages/libring/src/codec/msgpack.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

const JOIN = struct({ LTime: uint64, Node: text })

describe('what the decoder of serf 0.9.4 accepts and refuses', () => {
  interface Case {
    readonly name: string
    readonly hex: string
    readonly error?: string
    readonly value?: { readonly LTime: number; readonly Node: string }
    readonly CC?: boolean
    readonly payload?: string
  }

  const cases = serfVectors<{ messageJoin: Case[]; payload: Case[] }>(
    'decoder-tolerance-go-msgpack-0.5.5.json',
  )
  // Newer Serf takes bin for a string, and nobody is harmed by it.
  const isLenient = ({ name }: Case) => /as bin8/.test(name)

  test.each(cases.messageJoin.filter(({ error }) => error === undefined))(
    'a join with $name is read',
    ({ hex: form, value }) => {
      expect(decode(JOIN, hex(form))).toMatchObject({
        value: { LTime: BigInt(value!.LTime), Node: value!.Node },
      })
    },
  )

  test.each(cases.messageJoin.filter((join) => join.error !== undefined && !isLenient(join)))(
    'a join with $name is refused',
    ({ hex: form, error }) => {
      expect(decode(JOIN, hex(form))).toEqual({
        fault: /EOF/.test(error!) ? 'truncated' : 'malformed',
      })
    },
  )

  test.each(cases.messageJoin.filter(isLenient))(
    'a join with $name is read, as newer Serf does',
    ({ hex: form }) => {
      expect(decode(JOIN, hex(form))).toMatchObject({ value: { LTime: 5n, Node: 'n1' } })
    },
  )

  const EVENT = struct({ Payload: bytes, CC: bool })

  test.each(cases.payload.filter(({ error }) => error === undefined))(
    'an event with $name is read',
    ({ hex: form, CC, payload }) => {
      expect(decode(EVENT, hex(form))).toMatchObject({
        value: { CC, Payload: hex((payload ?? '').replace('hex:', '')) },
      })
    },
  )

  test.each(cases.payload.filter(({ error }) => error !== undefined))(
    'an event with $name is refused',
    ({ hex: form }) => {
      expect(decode(EVENT, hex(form))).toEqual({ fault: 'malformed' })
    },
  )
})

/** What a codec makes of each form: the value, or the fault. */
function readings<T>(codec: Codec<T>, forms: readonly string[]): unknown[] {
  return forms.map((form) => {
    const decoded = decode(codec, hex(form))
    return decoded.fault ?? decoded.value
  })
}

describe('integers keep to the range of their field', () => {
  const ranges: [string, Codec<number>, string[], string[]][] = [
    ['uint8', uint8, ['00', 'ccff'], ['cd0100', 'ff', 'd0ff', 'd3ffffffffffffffff']],
    ['uint16', uint16, ['00', 'cdffff'], ['ce00010000', 'd18000']],
    ['uint32', uint32, ['00', 'ceffffffff'], ['cf0000000100000000', 'e0', 'cb0000000000000000']],
    [
      'int',
      int,
      ['d3ffe0000000000001', 'cf001fffffffffffff', 'ff'],
      ['cf0020000000000000', 'd38000000000000000'],
    ],
  ]
  test.each(ranges)('%s', (_, codec, inside, outside) => {
    for (const reading of readings(codec, inside)) expect(reading).toBeTypeOf('number')
    expect(readings(codec, outside)).toEqual(outside.map(() => 'malformed'))
    expect(readings(codec, ['c0'])).toEqual([0])
  })

  test('uint64 and int64', () => {
    const max = 'cfffffffffffffffff'
    const min = 'd38000000000000000'
    expect(readings(uint64, [max, min, 'ff', 'c0', '05'])).toEqual([
      2n ** 64n - 1n,
      'malformed',
      'malformed',
      0n,
      5n,
    ])
    expect(readings(int64, [max, min, 'ff', 'c0', 'cf7fffffffffffffff'])).toEqual([
      'malformed',
      -(2n ** 63n),
      -1n,
      0n,
      2n ** 63n - 1n,
    ])
  })
})

describe('other single values', () => {
  test('a float is read from both precisions and from integers, and always written in full', () => {
    const forms = ['cb3ff8000000000000', 'ca3fc00000', '05', 'ff', 'cf8000000000000000', 'c0', 'a0']
    expect(readings(float64, forms)).toEqual([1.5, 1.5, 5, -1, 2 ** 63, 0, 'malformed'])
    expect(toHex(encode(float64, 0))).toBe('cb0000000000000000')
    expect(Number.isNaN(readings(float64, ['cb7ff8000000000000'])[0])).toBe(true)
  })

  test('a bool is true, false, 1, 0 or nil', () => {
    const forms = ['c3', 'c2', '01', '00', 'c0', '02', 'ff', 'cc01', 'a0']
    const bad = ['malformed', 'malformed', 'malformed', 'malformed']
    expect(readings(bool, forms)).toEqual([true, false, true, false, false, ...bad])
    expect(toHex(encode(bool, true)) + toHex(encode(bool, false))).toBe('c3c2')
  })

  test('text is well-formed UTF-8 in any string form', () => {
    expect(readings(text, ['a26e31', 'd9026e31', 'da00026e31', 'db000000026e31'])).toEqual(
      Array.from({ length: 4 }, () => 'n1'),
    )
    expect(readings(text, ['c4026e31', 'c500026e31', 'c6000000026e31', 'a0', 'c0'])).toEqual([
      'n1',
      'n1',
      'n1',
      '',
      '',
    ])
    expect(readings(text, ['a1ff', 'a2c080', 'a3eda080', '9101', '05', '80'])).toEqual(
      Array.from({ length: 6 }, () => 'malformed'),
    )
    expect(readings(text, ['a26e', 'd9', 'da00', 'db00000002'])).toEqual(
      Array.from({ length: 4 }, () => 'truncated'),
    )
    expect(toHex(encode(text, ''))).toBe('a0')
    expect(toHex(encode(text, 'é'.repeat(16))).slice(0, 6)).toBe('da0020')
  })

  test('bytes come in any string form, or as an array of small integers', () => {
    const value = Uint8Array.of(1, 2)
    const forms = ['a20102', 'd9020102', 'c4020102', '920102', 'dc000201cc02', '9201d10002']
    expect(readings(bytes, forms)).toEqual(forms.map(() => value))
    expect(readings(bytes, ['c0', 'a0', '90', 'c400'])).toEqual(
      Array.from({ length: 4 }, () => new Uint8Array(0)),
    )
    expect(readings(bytes, ['92ff01', '91cd0100', '91a0', '05', '80', 'c3'])).toEqual(
      Array.from({ length: 6 }, () => 'malformed'),
    )
    expect(readings(bytes, ['9201', 'dc0400'])).toEqual(['truncated', 'truncated'])
    expect(readings(bytes, ['dc0401', 'ddffffffff'])).toEqual(['too-large', 'too-large'])
  })

  test('no bytes are written as nil, or as an empty string where the field is never nil', () => {
    expect(toHex(encode(bytes, new Uint8Array(0)))).toBe('c0')
    expect(toHex(encode(bytesNeverNil, new Uint8Array(0)))).toBe('a0')
    for (const codec of [bytes, bytesNeverNil]) {
      expect(toHex(encode(codec, Uint8Array.of(1)))).toBe('a101')
    }
  })

  test('bytes that were read are a view', () => {
    const input = hex('a20102')
    const decoded = decode(bytes, input)
    expect(decoded).toMatchObject({ value: { buffer: input.buffer }, end: 3 })
  })
})

describe('containers', () => {
  test('a list is read from every array form, and no longer than allowed', () => {
    const codec = list(uint8, 3)
    expect(readings(codec, ['920102', 'dc00020102', 'dd000000020102', '90', 'c0'])).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
      [],
      [],
    ])
    expect(readings(codec, ['9401020304', 'ddffffffff', '80', 'a0', '9201', '91c3'])).toEqual([
      'too-large',
      'too-large',
      'malformed',
      'malformed',
      'truncated',
      'malformed',
    ])
    expect(toHex(encode(codec, [1, 200]))).toBe('9201ccc8')
    expect(toHex(encode(codec, []))).toBe('90')
  })

  test('a map is written in order of keys, and the last of equal keys counts', () => {
    const codec = textMap(uint8, 2)
    expect(
      toHex(
        encode(
          codec,
          new Map([
            ['b', 2],
            ['a', 1],
          ]),
        ),
      ),
    ).toBe('82a16101a16202')
    expect(toHex(encode(codec, new Map()))).toBe('80')
    expect(readings(codec, ['82a16101a16107', 'de0001a16101', 'df00000001a16101', 'c0'])).toEqual([
      new Map([['a', 7]]),
      new Map([['a', 1]]),
      new Map([['a', 1]]),
      new Map(),
    ])
    expect(
      readings(codec, ['83', '90', '81a1', '8105a0', '81a9' + '5f5f70726f746f5f5f05']),
    ).toEqual(['too-large', 'malformed', 'truncated', 'malformed', new Map([['__proto__', 5]])])
  })

  test('nil may stand where a value could', () => {
    const codec = list(nilable(JOIN), 10)
    const values = [undefined, { LTime: 1n, Node: 'a' }]
    expect(toHex(encode(codec, values))).toBe('92c082a54c54696d6501a44e6f6465a161')
    expect(decode(codec, encode(codec, values))).toMatchObject({ value: values })
  })
})

describe('structs', () => {
  const INNER = struct({ X: uint8, Y: nilable(text) })
  const OUTER = struct({
    Name: text,
    Inner: INNER,
    Blob: omitEmpty(bytes),
    Port: omitEmpty(uint16),
  })
  const zero = { Name: '', Inner: { X: 0, Y: undefined }, Blob: new Uint8Array(0), Port: 0 }

  test('keys are written in order of their bytes', () => {
    const B = struct({ b: uint8, B: uint8, aa: uint8, a: uint8, Z: uint8 })
    const value = { b: 1, B: 2, aa: 3, a: 4, Z: 5 }
    expect(toHex(encode(B, value))).toBe('85a14202a15a05a16104a2616103a16201')
  })

  test('a field that is empty is left out where Go leaves it out', () => {
    const value = { Name: 'n', Inner: { X: 1, Y: 'y' }, Blob: Uint8Array.of(1), Port: 2 }
    expect(encode(OUTER, value)[0]).toBe(0x84)
    expect(encode(OUTER, { ...value, Port: 0 })[0]).toBe(0x83)
    expect(encode(OUTER, { ...value, Blob: new Uint8Array(0), Port: 0 })[0]).toBe(0x82)
    expect(toHex(encode(OUTER, zero))).toBe('82a5496e6e657282a15800a159c0a44e616d65a0')
  })

  test('a type byte may stand in front, and other bytes behind', () => {
    const value = { LTime: 7n, Node: 'n' }
    const encoded = encode(JOIN, value, 1)
    expect(toHex(encoded)).toBe('0182a54c54696d6507a44e6f6465a16e')
    const padded = Uint8Array.of(...encoded, 0xff, 0xff)
    expect(decode(JOIN, padded, 1)).toEqual({ value, end: encoded.length })
  })

  test('what is missing, nil or an empty array is zero', () => {
    for (const form of ['80', 'c0', '90', 'de0000', 'df00000000', '81a5496e6e6572c0']) {
      expect(decode(OUTER, hex(form))).toMatchObject({ value: zero })
    }
  })

  test('an array gives the values in the order of declaration', () => {
    const forms = ['91a16e', '92a16e9105', '94a16e9205a179a10107', '95a16e9205a179a1010793c00102']
    expect(readings(OUTER, forms)).toEqual([
      { ...zero, Name: 'n' },
      { ...zero, Name: 'n', Inner: { X: 5, Y: undefined } },
      { Name: 'n', Inner: { X: 5, Y: 'y' }, Blob: Uint8Array.of(1), Port: 7 },
      { Name: 'n', Inner: { X: 5, Y: 'y' }, Blob: Uint8Array.of(1), Port: 7 },
    ])
  })

  test('of a key that comes twice, the last value counts', () => {
    expect(readings(JOIN, ['83a54c54696d6501a44e6f6465a161a54c54696d6502'])).toEqual([
      { LTime: 2n, Node: 'a' },
    ])
  })

  test('unknown keys are passed over, whatever they hold', () => {
    for (const value of ['c3', '92c0c4020102', 'dc0001cb3ff8000000000000', 'd40001', '919190']) {
      expect(readings(JOIN, [`83a158${value}a54c54696d6505a44e6f6465a161`])).toEqual([
        { LTime: 5n, Node: 'a' },
      ])
    }
  })

  test('names of object properties are keys like any other', () => {
    const key = 'a95f5f70726f746f5f5f'
    expect(readings(JOIN, [`82${key}81a16105a54c54696d6505`])).toEqual([{ LTime: 5n, Node: '' }])
    expect(readings(JOIN, ['81ab636f6e7374727563746f7205'])).toEqual([{ LTime: 0n, Node: '' }])
  })

  test('keys that are no strings are malformed', () => {
    expect(readings(JOIN, ['810505', '81c305', '8190c0'])).toEqual(
      Array.from({ length: 3 }, () => 'malformed'),
    )
  })

  test('a struct of too many values is too large, unknown and repeated ones counted', () => {
    const count = STRUCT_VALUES_MAX
    const head = (pairs: number) => `de${pairs.toString(16).padStart(4, '0')}`
    const repeated = (pairs: number) => head(pairs) + 'a54c54696d6501'.repeat(pairs)
    expect(readings(JOIN, [repeated(count), repeated(count + 1)])).toEqual([
      { LTime: 1n, Node: '' },
      'too-large',
    ])
    // A key and the array of nils under it are 2 values and the nils.
    const nested = (nils: number) =>
      `81a158dc${nils.toString(16).padStart(4, '0')}${'c0'.repeat(nils)}`
    expect(readings(JOIN, [nested(count - 2), nested(count - 1)])).toEqual([
      { LTime: 0n, Node: '' },
      'too-large',
    ])
    const several = (nils: number) => `82${nested(nils).slice(2).repeat(2)}`
    expect(readings(JOIN, [several(count / 2 - 2), several(count / 2 - 1)])).toEqual([
      { LTime: 0n, Node: '' },
      'too-large',
    ])
    const deep = `81a158${'91'.repeat(100_000)}c0`
    const wide = `93${'01a161'}${'dd00100000'}`
    expect(readings(JOIN, [deep, wide + 'c0'.repeat(2_000)])).toEqual(['too-large', 'too-large'])
  })

  test('one wrong field spoils the whole', () => {
    expect(readings(OUTER, ['82a44e616d6505a4506f727407', '81a5496e6e657281a158ff'])).toEqual([
      'malformed',
      'malformed',
    ])
  })

  test('a fault does not leak: the same codec reads on', () => {
    const good = '82a54c54696d6505a44e6f6465a161'
    expect(readings(JOIN, ['a0', good, '82', good])).toEqual([
      'malformed',
      { LTime: 5n, Node: 'a' },
      'truncated',
      { LTime: 5n, Node: 'a' },
    ])
  })
})
