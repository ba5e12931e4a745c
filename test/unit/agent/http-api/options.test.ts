import { expect, test } from 'vitest'
import {
  DEFAULT_LIMITS,
  LIMIT_RANGES,
  type HttpLimits,
} from '../../../../packages/agent/src/http-api/limits.ts'
import { checkHttpOptions } from '../../../../packages/agent/src/http-api/options.ts'

const limits = Object.entries(LIMIT_RANGES) as [keyof HttpLimits, readonly [number, number]][]

test('limits that are not given have their defaults, which are within their ranges', () => {
  expect(checkHttpOptions({})).toEqual(DEFAULT_LIMITS)
  for (const [name, [min, max]] of limits) {
    expect(DEFAULT_LIMITS[name]).toBeGreaterThanOrEqual(min)
    expect(DEFAULT_LIMITS[name]).toBeLessThanOrEqual(max)
  }
})

test.each(limits)('limits.%s is taken from %j, and refused beyond', (name, [min, max]) => {
  // Either may be at its end while the other one leaves it room.
  const room =
    name === 'headersTimeoutMs' ? { requestTimeoutMs: 600_000 } : { headersTimeoutMs: 100 }
  for (const value of [min, max]) {
    expect(checkHttpOptions({ limits: { ...room, [name]: value } })[name]).toBe(value)
  }
  for (const value of [min - 1, max + 1, min + 0.5, Number.NaN, '7']) {
    expect(() => checkHttpOptions({ limits: { [name]: value as number } })).toThrow(
      `limits.${name} must be a whole number from ${min} to ${max}, got `,
    )
  }
})

test.each([
  [{ host: 'localhost' }, 'host must be an IP address, got "localhost"'],
  [{ port: 65_536 }, 'port must be a whole number from 0 to 65535, got 65536'],
  [{ consumerTimeoutMs: 99 }, 'consumerTimeoutMs must be a whole number from 100 to 86400000'],
  [{ allowedHosts: ['ring.example', 'a:80'] }, 'allowedHosts[1] must be a host name or an IP'],
  [
    { allowedHosts: Array.from({ length: 1_025 }, () => 'a') },
    'allowedHosts must be at most 1024 names',
  ],
  [{ limits: { bodyBytes: 1 } as object }, 'limits.bodyBytes must be left out'],
  [
    { limits: { requestTimeoutMs: 4_999 } },
    'limits.headersTimeoutMs must be at most limits.requestTimeoutMs, which is 4999, got 5000',
  ],
])('%j is refused, by name, rule and value', (options, words) => {
  expect(() => checkHttpOptions(options)).toThrow(words)
})

test('names of hosts are taken as they stand in a Host header', () => {
  const allowedHosts = ['ring.example', '10.0.0.7', '[fd00::7]']
  expect(checkHttpOptions({ allowedHosts })).toEqual(DEFAULT_LIMITS)
})
