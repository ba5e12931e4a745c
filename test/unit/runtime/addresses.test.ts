import { expect, test } from 'vitest'
import { isWildcard } from '../../../packages/libring/src/gossip/options.ts'
import {
  detectAdvertiseHost,
  interfaceHost,
  localAddresses,
  type InterfaceAddress,
} from '../../../packages/libring/src/runtime/addresses.ts'

const at = (address: string, internal = false, name = 'eth0'): InterfaceAddress => {
  return { interface: name, address, internal }
}
const loopback = [at('127.0.0.1', true), at('::1', true)]

test.each<[string, InterfaceAddress[], bound4: string, bound6: string]>([
  [
    'a private address before a public one',
    [at('8.8.8.8'), at('10.1.2.3')],
    '10.1.2.3',
    '10.1.2.3',
  ],
  ['the first private one', [at('192.168.1.2'), at('10.1.2.3')], '192.168.1.2', '192.168.1.2'],
  ['172.16 to 172.31 as private', [at('172.32.0.1'), at('172.31.0.1')], '172.31.0.1', '172.31.0.1'],
  [
    'shared address space as private',
    [at('8.8.8.8'), at('100.64.0.9')],
    '100.64.0.9',
    '100.64.0.9',
  ],
  ['a public address where no private is', [at('8.8.8.8')], '8.8.8.8', '8.8.8.8'],
  ['nothing link-local', [at('169.254.3.4'), at('8.8.8.8')], '8.8.8.8', '8.8.8.8'],
  ['IPv4 before IPv6', [at('fd00::7'), at('8.8.8.8')], '8.8.8.8', '8.8.8.8'],
  ['IPv6 only when bound to it', [at('fe80::1'), at('fd00::7')], '127.0.0.1', 'fd00::7'],
  ['the loopback when nothing else is there', [], '127.0.0.1', '127.0.0.1'],
])('advertises %s', (_what, addresses, bound4, bound6) => {
  const all = [...loopback, ...addresses]
  expect(detectAdvertiseHost('0.0.0.0', all)).toBe(bound4)
  expect(detectAdvertiseHost('::', all)).toBe(bound6)
})

test('without any interface it is still an address', () => {
  expect(detectAdvertiseHost('0.0.0.0', [])).toBe('127.0.0.1')
})

test('on this machine it is an address of this machine, and no wildcard', () => {
  const host = detectAdvertiseHost('0.0.0.0')
  expect(isWildcard(host)).toBe(false)
  expect(localAddresses().map(({ address }) => address)).toContain(host)
})

test.each([
  ['0.0.0.0', 'eth1', '8.8.8.8'],
  ['10.1.2.3', 'eth1', '8.8.8.8'],
  ['::', 'eth1', '8.8.8.8'],
  ['fd00::1', 'eth1', 'fd00::9'],
  ['::', 'eth2', 'fd00::7'],
  ['0.0.0.0', 'eth2', undefined],
  ['0.0.0.0', 'lo', '127.0.0.1'],
  ['::1', 'lo', '::1'],
  ['::', 'eth3', undefined],
  ['0.0.0.0', 'eth4', undefined],
])('bound to %s, of the interface %s it is %s', (bound, name, expected) => {
  const addresses = [
    at('127.0.0.1', true, 'lo'),
    at('::1', true, 'lo'),
    at('10.1.2.3'),
    at('169.254.1.1', false, 'eth1'),
    at('8.8.8.8', false, 'eth1'),
    at('fd00::9', false, 'eth1'),
    at('fe80::1', false, 'eth2'),
    at('fd00::7', false, 'eth2'),
    at('fe80::2', false, 'eth3'),
  ]
  expect(interfaceHost(bound, name, addresses)).toBe(expected)
})

test('the interfaces of this machine are known by name', () => {
  const loopback = localAddresses().find(({ address }) => address === '127.0.0.1')
  expect(interfaceHost('0.0.0.0', loopback?.interface ?? '')).toBe('127.0.0.1')
})
