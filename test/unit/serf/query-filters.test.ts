import { describe, expect, test } from 'vitest'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { encodeFilters, judgeFilters } from '../../../packages/libring/src/serf/query-filters.ts'
import { hex, serfVectors } from '../../support/vectors.ts'

interface Filter {
  readonly name: string
  readonly hex: string
  readonly nodes?: readonly string[]
  readonly tag?: string
  readonly expr?: string
}
const { filters } = serfVectors<{ readonly filters: readonly Filter[] }>('serf-messages.json')
const always = (): boolean => true

describe('filters agree with Go, byte for byte', () => {
  test.each(filters)('$name', ({ hex: text, nodes, tag, expr }) => {
    const given = nodes === undefined ? { tags: { [tag!]: expr! } } : { nodes }
    expect(encodeFilters(given).map(toHex)).toEqual([text])
  })

  test('and are judged as Go does', () => {
    const [byName, byTag] = filters.map((filter) => hex(filter.hex))
    const self = { name: 'n2', tags: { role: 'web-1' } }
    expect(judgeFilters([byName!, byTag!], self, always)).toBe('meant')
    expect(judgeFilters([byName!], { ...self, name: 'n3' }, always)).toBe('not-meant')
    expect(judgeFilters([byTag!], { ...self, tags: { role: 'db' } }, always)).toBe('not-meant')
  })
})

test('no filter means everybody', () => {
  expect(encodeFilters({})).toEqual([])
  expect(judgeFilters([], { name: 'any', tags: {} }, always)).toBe('meant')
})

test('what filters cost is asked about before it is spent, for a pattern and for a tag', () => {
  const asked: number[] = []
  const filter = encodeFilters({ tags: { role: 'abc' } })
  const verdict = judgeFilters(filter, { name: 'n', tags: { role: 'x'.repeat(9) } }, (steps) => {
    asked.push(steps)
    return steps > 100
  })
  expect([verdict, asked]).toEqual(['refused', [300, 70]])
})
