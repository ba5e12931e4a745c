import { isIP } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  addressText,
  canonicalIp,
  ipFromBytes,
  ipToBytes,
  parseHostAndPort,
  sameAddress,
} from '../../../packages/libring/src/base/address.ts'
import { toHex } from '../../../packages/libring/src/base/bytes.ts'
import { hex } from '../../support/vectors.ts'

test('the text of an address puts IPv6 in brackets', () => {
  expect(addressText({ host: '10.0.0.1', port: 7946 })).toBe('10.0.0.1:7946')
  expect(addressText({ host: '::1', port: 0 })).toBe('[::1]:0')
})

test('addresses are the same when host and port are', () => {
  const address = { host: '10.0.0.1', port: 7946 }
  expect(sameAddress(address, { ...address })).toBe(true)
  expect(sameAddress(address, { ...address, port: 7947 })).toBe(false)
  expect(sameAddress(address, { ...address, host: '10.0.0.2' })).toBe(false)
})

describe('splitting host and port', () => {
  const split: [string, string, number | undefined][] = [
    ['lb.service.com', 'lb.service.com', undefined],
    ['lb.service.com:7946', 'lb.service.com', 7946],
    ['10.0.0.1', '10.0.0.1', undefined],
    ['10.0.0.1:0', '10.0.0.1', 0],
    ['host:65535', 'host', 65535],
    ['[::1]', '::1', undefined],
    ['[::1]:80', '::1', 80],
    ['::1', '::1', undefined],
    ['fe80::1:7946', 'fe80::1:7946', undefined],
    ['::', '::', undefined],
    ['under_score-1', 'under_score-1', undefined],
    ['1.2.3.x', '1.2.3.x', undefined],
    ['4u:80', '4u', 80],
  ]
  test.each(split)('%s', (text, host, port) => {
    expect(parseHostAndPort(text)).toEqual({ host, port })
  })

  const refused = [
    '',
    ':',
    ':7946',
    'host:',
    'host:65536',
    'host:123456',
    'host:-1',
    'host:7a',
    'host: 80',
    ' host',
    'host\n',
    'a b',
    'http://host',
    'host/path',
    'a:b:c',
    '[::1',
    '::1]',
    '[::1]80',
    '[::1]:',
    '[host]:80',
    '[10.0.0.1]:80',
    '[]:80',
    '1:2:3:4:5:6:7:8:9',
    '1.2.3',
    '256.1.1.1',
    '1.2.3.4.5:80',
    '010.0.0.1',
    '10.0.0.1.',
    '7946',
    'fe80::1%eth0',
    '[fe80::1%eth0]:80',
  ]
  test.each(refused)('%j is refused', (text) => {
    expect(parseHostAndPort(text)).toBeUndefined()
  })
})

describe('IP addresses as bytes', () => {
  const pairs: [string, string, string][] = [
    ['10.0.0.1', '0a000001', '10.0.0.1'],
    ['255.255.255.255', 'ffffffff', '255.255.255.255'],
    ['0.0.0.0', '00000000', '0.0.0.0'],
    ['::', '00000000000000000000000000000000', '::'],
    ['::1', '00000000000000000000000000000001', '::1'],
    ['1::', '00010000000000000000000000000000', '1::'],
    ['2001:DB8::1', '20010db8000000000000000000000001', '2001:db8::1'],
    ['2001:0db8:0:0:1:0:0:1', '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['1:0:2:0:3:0:4:0', '00010000000200000003000000040000', '1:0:2:0:3:0:4:0'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000', '1:2:3:4:5:6:7:0'],
    ['0:0:1::', '00000000000100000000000000000000', '0:0:1::'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
    ['::ffff:127.0.0.1', '00000000000000000000ffff7f000001', '127.0.0.1'],
    ['::ffff:7f00:1', '00000000000000000000ffff7f000001', '127.0.0.1'],
    ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304', '64:ff9b::102:304'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304', '1:2:3:4:5:6:102:304'],
  ]
  test.each(pairs)('%s', (text, bytes, canonical) => {
    expect(toHex(ipToBytes(text)!)).toBe(bytes)
    expect(ipFromBytes(hex(bytes))).toBe(canonical)
    expect(canonicalIp(text)).toBe(canonical)
  })

  const refused = [
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.+4',
    '1.2.3.4 ',
    ':',
    ':::',
    '::1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    'fe80::1%eth0',
    '[::1]',
  ]
  test.each(refused)('%j is no IP address', (text) => {
    expect(ipToBytes(text)).toBeUndefined()
    expect(canonicalIp(text)).toBeUndefined()
  })

  test('the system agrees on every example', () => {
    expect(pairs.filter(([text]) => isIP(text) === 0)).toEqual([])
    // The system knows scopes, which mean something on one host only.
    expect(refused.filter((text) => isIP(text) !== 0)).toEqual(['fe80::1%eth0'])
  })

  test('only 4 or 16 bytes are an address', () => {
    for (const length of [0, 3, 5, 15, 17]) {
      expect(ipFromBytes(new Uint8Array(length))).toBeUndefined()
    }
  })
})
