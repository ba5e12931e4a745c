import { describe, expect, test } from 'vitest'
import {
  resolveForwardOptions,
  resolveRouterOptions,
  type ForwardOptions,
  type RouterOptions,
} from '../../../packages/libring/src/http/options.ts'

const NEEDED = { keyOf: () => 'k', serve: () => {} }

describe('a router', () => {
  test.each<[object, string]>([
    [{ keyOf: undefined }, 'keyOf must be a function, got undefined'],
    [{ serve: 'here' }, 'serve must be a function, got "here"'],
    [{ serveUpgrade: 1 }, 'serveUpgrade must be a function, got 1'],
    [{ serveFrom: 'backup' }, 'serveFrom must be one of primary, holders, got "backup"'],
    [{ maxHops: 17 }, 'maxHops must be a whole number from 1 to 16, got 17'],
    [{ releaseWaitMs: -1 }, 'releaseWaitMs must be a whole number from 0 to 86400000, got -1'],
    [{ repeatBytesMax: 1e9 }, 'repeatBytesMax must be a whole number from 0 to 16777216'],
    [{ headersMax: 0 }, 'headersMax must be a whole number from 1 to 2000, got 0'],
    [{ maxInFlight: 0 }, 'maxInFlight must be a whole number from 1 to 1000000, got 0'],
    [{ maxUpgrades: 0.5 }, 'maxUpgrades must be a whole number'],
    [{ maxEventLoopDelayMs: '1' }, 'maxEventLoopDelayMs must be a whole number'],
    [{ trustForwarded: 1 }, 'trustForwarded must be true or false, got 1'],
    [{ onError: null }, 'onError must be a function, got null'],
    [{ maxInflight: 1 }, 'did you mean maxInFlight?'],
  ])('refuses %j', (options, message) => {
    const all = { ...NEEDED, ...options } as RouterOptions
    expect(() => resolveRouterOptions(all)).toThrow(message)
  })

  test('takes a function that says who may serve', () => {
    const { roleOf } = resolveRouterOptions({
      ...NEEDED,
      serveFrom: ({ method }) => (method === 'GET' ? 'holders' : 'primary'),
    })
    const roles = ['GET', 'POST'].map((method) =>
      roleOf({ method } as Parameters<typeof roleOf>[0]),
    )
    expect(roles).toEqual(['holder', 'primary'])
  })
})

describe('whatever forwards', () => {
  test.each<[object, string]>([
    [{ acquireWaitMs: -1 }, 'acquireWaitMs must be a whole number from 0 to 600000, got -1'],
    [{ failoverWaitMs: 1e7 }, 'failoverWaitMs must be a whole number from 0 to 600000'],
    [{ badAddressMs: 1e6 }, 'badAddressMs must be a whole number from 0 to 60000'],
    [{ connectTimeoutMs: 0 }, 'connectTimeoutMs must be a whole number from 1 to 600000'],
    [{ upstreamTimeoutMs: 0 }, 'upstreamTimeoutMs must be a whole number from 1 to 86400000'],
    [
      { acquireWaitMs: 8_000, upstreamTimeoutMs: 8_000 },
      'acquireWaitMs must be less than upstreamTimeoutMs, which is 8000, got 8000',
    ],
    [
      { upstreamTimeoutMs: 4_000 },
      'acquireWaitMs must be less than upstreamTimeoutMs, which is 4000, got 5000',
    ],
    [{ idleTimeoutMs: NaN }, 'idleTimeoutMs must be a whole number from 0 to 86400000'],
    [{ headerBytesMax: 100 }, 'headerBytesMax must be a whole number from 1024 to 1048576'],
    [{ tls: true }, 'tls must be a plain object, got true'],
    [
      { secret: ['the secret of members', 'short'] },
      'secret must be text of 16 characters or more',
    ],
    [{ keyOf: () => 'k' }, 'keyOf must be left out'],
  ])('refuses %j', (options, message) => {
    expect(() => resolveForwardOptions(options as ForwardOptions)).toThrow(message)
  })

  test('does not show a secret that is too short', () => {
    expect(() => resolveForwardOptions({ secret: 'hunter2' })).toThrow(
      /^(?!.*hunter2).*secret must be/,
    )
  })

  test('takes one secret, or several', () => {
    const one = 'the secret of members'
    expect(resolveForwardOptions({ secret: one }).secrets).toEqual([one])
    expect(resolveForwardOptions({ secret: [one, `${one} before`] }).secrets).toHaveLength(2)
    expect(resolveForwardOptions({}).secrets).toEqual([])
  })
})
