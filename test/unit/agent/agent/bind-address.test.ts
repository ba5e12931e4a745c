import { expect, test } from 'vitest'
import { bindAddressOf } from '../../../../packages/agent/src/agent/bind-address.ts'

const interfaces = {
  lo: [{ address: '127.0.0.1' }, { address: '::1' }],
  eth0: [{ address: '169.254.7.7' }, { address: '10.0.0.7' }, { address: 'fd00::7' }],
  six: [{ address: 'fe80::7' }, { address: 'fd00::9' }],
  link: [{ address: 'fe80::8' }],
}

test.each([
  [undefined, undefined, undefined],
  ['10.0.0.9', undefined, '10.0.0.9'],
  [undefined, 'eth0', '10.0.0.7:7946'],
  ['0.0.0.0:9000', 'eth0', '10.0.0.7:9000'],
  ['[::]:9000', 'six', '[fd00::9]:9000'],
  ['10.0.0.7:9000', 'eth0', '10.0.0.7:9000'],
  ['fd00::7', 'eth0', 'fd00::7'],
])('bind %j with the interface %j is %j', (bind, name, bound) => {
  expect(bindAddressOf({ bind, interface: name }, interfaces)).toBe(bound)
})

test.each([
  ['10.0.0.9', 'eth0', /^interface: eth0 has not the address 10\.0\.0\.9 of bind; it has 169/],
  [undefined, 'eth1', 'interface: eth1 has no address here; there are lo, eth0, six, link'],
  [undefined, 'link', 'interface: link has link-local addresses only'],
  ['ten', 'eth0', 'bind: must be an IP address, with a port or without; it is ten'],
])('bind %j with the interface %j is refused', (bind, name, words) => {
  expect(() => bindAddressOf({ bind, interface: name }, interfaces)).toThrow(words)
})
