import { createSerf } from 'libring/serf'
import { expect, test } from 'vitest'
import { clusterOptionsOf } from '../../../../packages/agent/src/agent/cluster-options.ts'
import { configOf } from '../../../../packages/agent/src/config/config.ts'

const KEY = Buffer.alloc(32).toString('base64')

function serfOptionsOf(values: Readonly<Record<string, unknown>>) {
  return clusterOptionsOf(configOf([{ name: 'a file', values }])).serf ?? {}
}

test('limits of a stock file that no packet has room for count as what it has room for', () => {
  const highest = { user_event_size_limit: 9_216, query_size_limit: 65_507, encrypt_key: KEY }
  const options = serfOptionsOf(highest)
  expect(options).toMatchObject({ userEventBytesMax: 1_366, queryBytesMax: 1_366 })
  expect(() => createSerf(options)).not.toThrow()
  expect(() => createSerf({ ...options, queryBytesMax: 1_367 })).toThrow('has room for')
})

test('limits within that are as they are set, and those that are not set the library’s', () => {
  expect(serfOptionsOf({ user_event_size_limit: 600 })).toMatchObject({ userEventBytesMax: 600 })
  expect(serfOptionsOf({})).not.toHaveProperty('userEventBytesMax')
})
