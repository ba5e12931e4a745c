import { describe, expect, test } from 'vitest'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import {
  resolveOwnershipOptions,
  type OwnershipOptions,
} from '../../../packages/libring/src/ownership/options.ts'

test('every option has a default', () => {
  expect(resolveOwnershipOptions()).toEqual({
    settleMs: 1_000,
    bootstrapTimeoutMs: 10_000,
    formAlone: true,
    minMembers: 1,
    releaseTimeoutMs: 10_000,
    handoffTimeoutMs: 15_000,
    concurrentHandoffs: 8,
    graceMs: 0,
  })
})

test('an option that is undefined is not given', () => {
  const options: unknown = { settleMs: undefined, minMembers: 5 }
  expect(resolveOwnershipOptions(options as OwnershipOptions)).toMatchObject({
    settleMs: 1_000,
    minMembers: 5,
  })
})

describe('what is out of range is refused by name:', () => {
  const wrong: readonly (readonly [keyof OwnershipOptions, unknown])[] = [
    ['settleMs', -1],
    ['settleMs', 1.5],
    ['settleMs', 600_001],
    ['bootstrapTimeoutMs', Number.NaN],
    ['formAlone', 'no'],
    ['minMembers', 0],
    ['releaseTimeoutMs', null],
  ]
  test.each(wrong)('%s %s', (option, value) => {
    const options: unknown = { [option]: value }
    expect(() => resolveOwnershipOptions(options as OwnershipOptions)).toThrow(
      expect.objectContaining({ option, constructor: OptionError }),
    )
  })
})
