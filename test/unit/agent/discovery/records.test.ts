import { decode, encode } from 'dns-packet'
import { expect, test } from 'vitest'
import {
  addressesIn,
  advertOf,
  isAskedFor,
  recordsOf,
  serviceOf,
  type DnsRecord,
} from '../../../../packages/agent/src/discovery/records.ts'

const SERVICE = '_serf_web._tcp.local'

/** An answer as it is after it went over the network. */
function overTheWire(answers: ReturnType<typeof recordsOf>): readonly DnsRecord[] {
  return (decode(encode({ type: 'response', answers })).answers ?? []) as readonly DnsRecord[]
}

test.each([
  ['ann', '10.0.0.7', 7_946, '10.0.0.7:7946'],
  ['ann.example', 'fd00::7', 9_000, '[fd00::7]:9000'],
  ['größer 東京', '10.0.0.8', 1, '10.0.0.8:1'],
  ['x'.repeat(128), '10.0.0.9', 65_535, '10.0.0.9:65535'],
])('what %s says of itself leads to where it is', (node, host, port, address) => {
  const records = overTheWire(recordsOf(advertOf('web', node, { host, port })))
  expect(records.map(({ type }) => type)).toEqual([
    'PTR',
    'SRV',
    host.includes(':') ? 'AAAA' : 'A',
    'TXT',
  ])
  expect(addressesIn(serviceOf('web'), records)).toEqual([address])
  expect(addressesIn(serviceOf('db'), records)).toEqual([])
})

test('an agent answers for its own service, in either case, and for nothing else', () => {
  const advert = advertOf('web', 'ann', { host: '10.0.0.7', port: 7_946 })
  const asked = (name: string): boolean => isAskedFor(advert, [{ name: 'other.local' }, { name }])
  expect([asked(SERVICE), asked('_SERF_web._tcp.LOCAL.'), asked(`ann.${SERVICE}`)]).toEqual([
    true,
    true,
    true,
  ])
  expect([asked('_serf_db._tcp.local'), asked('_tcp.local'), asked('')]).toEqual([
    false,
    false,
    false,
  ])
})

test('records as a stock agent has them are understood, each address once', () => {
  const name = `theirs.${SERVICE}.`
  const records = [
    { name: `${SERVICE}.`, type: 'PTR', data: name },
    { name, type: 'SRV', data: { target: 'machine.', port: 7_946 } },
    { name, type: 'SRV', data: { target: 'machine.', port: 7_946 } },
    { name: 'machine.', type: 'A', data: '10.0.0.9' },
    { name: 'another.', type: 'A', data: '10.0.0.10' },
  ]
  expect(addressesIn(SERVICE, records)).toEqual(['10.0.0.9:7946'])
})

test.each([
  ['no port', { target: 'm', port: 0 }, '10.0.0.9'],
  ['no target', { port: 1 }, '10.0.0.9'],
  ['no address', { target: 'm', port: 1 }, 'example.com'],
  ['nothing', null, null],
])('a record of %s is passed over', (_, srv, address) => {
  const records = [
    { name: `a.${SERVICE}`, type: 'SRV', data: srv },
    { name: 'm', type: 'A', data: address },
  ]
  expect(addressesIn(SERVICE, records)).toEqual([])
})
