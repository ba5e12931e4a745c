import type { NetworkInterfaceInfo } from 'node:os'
import { expect, test } from 'vitest'
import { hostAndPortOf, hostNamesOf } from '../../../../packages/agent/src/agent/addresses.ts'

const at = (address: string) => ({ address }) as NetworkInterfaceInfo
const interfaces = { lo: [at('127.0.0.1'), at('::1')], eth0: [at('10.0.0.5'), at('fd00::5')] }

test.each([
  ['10.0.0.5', ['10.0.0.5']],
  ['fd00::5', ['[fd00::5]']],
  ['0.0.0.0', ['127.0.0.1', '[::1]', '10.0.0.5', '[fd00::5]']],
  ['::', ['127.0.0.1', '[::1]', '10.0.0.5', '[fd00::5]']],
])('whoever listens at %s is called by %j', (host, names) => {
  expect(hostNamesOf(host, interfaces)).toEqual(names)
})

test.each([
  ['10.0.0.5', '10.0.0.5', 7_380],
  ['10.0.0.5:80', '10.0.0.5', 80],
  ['[::1]:80', '::1', 80],
  ['::1', '::1', 7_380],
])('%s is host and port', (text, host, port) => {
  expect(hostAndPortOf('http_addr', text, 7_380)).toEqual({ host, port })
})

test.each(['', 'a name', '10.0.0.5:99999', '10.0.0.5:', ':80'])(
  '%j is refused by its key',
  (text) => {
    expect(() => hostAndPortOf('http_addr', text, 7_380)).toThrow(
      /^http_addr: must be an IP address/,
    )
  },
)
