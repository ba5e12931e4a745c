import { describe, expect, test } from 'vitest'
import {
  resolveRpcOptions,
  resolveSerfAgentOptions,
} from '../../../packages/libring/src/attach/options.ts'

function refusal(options: object): { option?: string; message?: string } | undefined {
  try {
    resolveSerfAgentOptions(options)
  } catch (error) {
    return error as { option?: string; message?: string }
  }
  return undefined
}

test('every option has a default', () => {
  expect(resolveSerfAgentOptions({})).toEqual({
    rpc: {
      host: '127.0.0.1',
      port: 7_373,
      address: '127.0.0.1:7373',
      authKey: '',
      connectTimeoutMs: 10_000,
      requestTimeoutMs: 10_000,
    },
    refreshMs: 30_000,
    absenceMs: 10_000,
  })
})

test.each([
  ['agent.example', 'agent.example:7373'],
  ['agent.example:1', 'agent.example:1'],
  ['::1', '[::1]:7373'],
  ['[::1]:80', '[::1]:80'],
])('the address %s is %s', (rpcAddress, address) => {
  expect(resolveRpcOptions({ rpcAddress }).address).toBe(address)
})

describe('an option that is wrong is named', () => {
  test.each([
    ['rpcAddress', ''],
    ['rpcAddress', 'a b'],
    ['rpcAddress', '127.0.0.1:0'],
    ['rpcAddress', 'http://127.0.0.1:7373'],
    ['authKey', 7],
    ['authKey', '\uD800'],
    ['connectTimeoutMs', 0],
    ['requestTimeoutMs', 3_600_001],
    ['refreshMs', 99],
    ['absenceMs', -1],
    ['rpcAddres', '127.0.0.1'],
  ])('%s: %s', (option, value) => {
    expect(refusal({ [option]: value })).toMatchObject({ name: 'OptionError', option })
  })

  test('and a key is not shown', () => {
    expect(refusal({ authKey: 'k'.repeat(2_000) })?.message).not.toContain('kk')
  })
})
