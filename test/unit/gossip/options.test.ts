import { describe, expect, test } from 'vitest'
import { OptionError } from '../../../packages/libring/src/base/errors.ts'
import {
  resolveGossipOptions,
  type GossipOptions,
} from '../../../packages/libring/src/gossip/options.ts'

const facts = {
  hostName: () => 'machine-1',
  advertiseHost: (wildcard: string) => (wildcard === '::' ? 'fd00::7' : '192.168.0.7'),
}
const resolve = (options: GossipOptions = {}, path?: string) =>
  resolveGossipOptions(options, facts, path)

test('without options a node listens everywhere on port 7946, under the name of the machine', () => {
  expect(resolve()).toMatchObject({
    hostName: 'machine-1',
    bind: { host: '0.0.0.0', port: 7_946 },
    advertise: { host: '192.168.0.7', port: undefined },
    tags: {},
    bootstrapHosts: [],
    bootstrapRefreshMs: 60_000,
    bootstrapRetryMs: undefined,
    bootstrapReplay: false,
    coordinates: true,
    rehearsal: true,
    snapshotPath: undefined,
    rejoinAfterLeave: false,
    swim: { probeIntervalMs: 1_000, compression: true, deadNodeReclaimMs: 1_000 },
    serf: { reapIntervalMs: 15_000 },
  })
})

test('a profile gives the timing, and single options replace parts of it', () => {
  const { swim, serf } = resolve({
    profile: 'local',
    gossipNodes: 5,
    reapIntervalMs: 7,
    compression: false,
  })
  expect(swim).toMatchObject({ probeTimeoutMs: 200, gossipNodes: 5, compression: false })
  expect(serf.reapIntervalMs).toBe(7)
})

test('an option given as undefined is as one not given', () => {
  const given: Record<string, unknown> = {
    hostName: undefined,
    bind: undefined,
    profile: undefined,
  }
  expect(resolve(given)).toEqual(resolve())
})

describe('addresses', () => {
  test.each([
    ['10.0.0.7', '10.0.0.7', 7_946],
    ['10.0.0.7:0', '10.0.0.7', 0],
    ['10.0.0.7:9000', '10.0.0.7', 9_000],
    ['::1', '::1', 7_946],
    ['[::1]:9000', '::1', 9_000],
    ['[0:0:0:0:0:0:0:1]:9000', '::1', 9_000],
    ['::ffff:10.0.0.7', '10.0.0.7', 7_946],
  ])('bind %s listens on %s port %d, and advertises the same', (bind, host, port) => {
    expect(resolve({ bind })).toMatchObject({
      bind: { host, port },
      advertise: { host, port: undefined },
    })
  })

  test('bound to all addresses, one of the machine is advertised', () => {
    expect(resolve({ bind: '0.0.0.0:1' }).advertise.host).toBe('192.168.0.7')
    expect(resolve({ bind: '[::]:1' }).advertise.host).toBe('fd00::7')
  })

  test('what is to be advertised may be said', () => {
    expect(resolve({ advertise: '1.2.3.4' }).advertise).toEqual({ host: '1.2.3.4' })
    expect(resolve({ advertise: '1.2.3.4:80' }).advertise).toEqual({ host: '1.2.3.4', port: 80 })
    expect(resolve({ advertise: '[2001:DB8::1]:80' }).advertise).toEqual({
      host: '2001:db8::1',
      port: 80,
    })
  })

  test('the address of an interface may be asked for, instead of one', () => {
    const asked: string[][] = []
    const interfaceHost = (bound: string, name: string) => {
      asked.push([bound, name])
      return name === 'eth0' ? '10.0.0.9' : undefined
    }
    const of = (options: GossipOptions) =>
      resolveGossipOptions(options, { ...facts, interfaceHost }, 'serf.').advertise
    expect(of({ advertiseInterface: 'eth0', bind: '10.0.0.7' })).toEqual({ host: '10.0.0.9' })
    expect(asked).toEqual([['10.0.0.7', 'eth0']])
    expect(() => of({ advertiseInterface: 'eth9' })).toThrow(
      'serf.advertiseInterface must be a network interface of this machine with an IPv4 address',
    )
    expect(() => of({ advertiseInterface: 'eth0', advertise: '1.2.3.4' })).toThrow(
      'serf.advertiseInterface must be left out where an address is given',
    )
    const [nameless, nowhere] = [7, 'eth0'] as unknown as [string, string]
    expect(() => of({ advertiseInterface: nameless })).toThrow('serf.advertiseInterface')
    expect(() => resolve({ advertiseInterface: nowhere })).toThrow('advertiseInterface')
  })

  test('the name of a member may stand before an address, as agents take it', () => {
    const hosts = ['ann/10.0.0.1:7', 'ann/db', 'http:/[::1]:9', 'a b/_serf._tcp.a']
    expect(resolve({ bootstrapHosts: hosts }).bootstrapHosts).toEqual([
      { host: '10.0.0.1', port: 7 },
      { host: 'db', port: undefined },
      { host: '::1', port: 9 },
      { host: '_serf._tcp.a', port: undefined },
    ])
    for (const bind of ['ann/10.0.0.1', 'ann/10.0.0.1:7']) {
      expect(() => resolve({ bind })).toThrow('bind must be an IP address')
    }
  })

  test('bootstrap hosts may be names, with a port or without', () => {
    expect(
      resolve({
        bootstrapHosts: ['lb.example.com', 'db:7', '10.0.0.1', '[::1]:9', '_serf._tcp.a'],
      }),
    ).toEqual(
      expect.objectContaining({
        bootstrapHosts: [
          { host: 'lb.example.com', port: undefined },
          { host: 'db', port: 7 },
          { host: '10.0.0.1', port: undefined },
          { host: '::1', port: 9 },
          { host: '_serf._tcp.a', port: undefined },
        ],
      }),
    )
  })
})

describe('refused, by name', () => {
  const cases: [option: string, options: Record<string, unknown>][] = [
    ['hostName', { hostName: '' }],
    ['hostName', { hostName: 'x'.repeat(129) }],
    ['hostName', { hostName: 'é'.repeat(65) }],
    ['hostName', { hostName: 7 }],
    ['hostName', { hostName: null }],
    ['hostName', { hostName: 'a\ud800' }],
    ['tags.a', { tags: { a: '\udc00' } }],
    ['tags', { tags: new Map([['ring', 'active']]) }],
    ['bootstrapHosts', { bootstrapHosts: null }],
    ['bootstrapHosts[0]', { bootstrapHosts: Object.assign([], { 1: 'a' }) }],
    ['bootstrapHosts[0]', { bootstrapHosts: ['1.2.3'] }],
    ['bootstrapHosts[1]', { bootstrapHosts: ['a', '256.1.1.1:7946'] }],
    ['bootstrapHosts[0]', { bootstrapHosts: ['fe80::1%eth0'] }],
    ['bootstrapHosts[0]', { bootstrapHosts: ['_serf._udp.example.com:7946'] }],
    ['keyring[0]', { keyring: Object.assign([], { length: 1 }) }],
    ['bind', { bind: '' }],
    ['bind', { bind: '7946' }],
    ['bind', { bind: ':7946' }],
    ['bind', { bind: '10.0.0.7:' }],
    ['bind', { bind: '10.0.0.7:65536' }],
    ['bind', { bind: '10.0.0.256' }],
    ['bind', { bind: 'localhost:7946' }],
    ['bind', { bind: '[::1' }],
    ['bind', { bind: 7946 }],
    ['bind', { bind: null }],
    ['advertise', { advertise: '0.0.0.0' }],
    ['advertise', { advertise: '[::]:7946' }],
    ['advertise', { advertise: '10.0.0.7:0' }],
    ['advertise', { advertise: 'example.com' }],
    ['tags', { tags: { text: 'x'.repeat(600) } }],
    ['tags', { tags: 'ring=active' }],
    ['tags.weight', { tags: { weight: 3 } }],
    ['profile', { profile: 'wide' }],
    ['compression', { compression: 'yes' }],
    ['bootstrapHosts', { bootstrapHosts: '10.0.0.1' }],
    ['bootstrapHosts', { bootstrapHosts: Array.from({ length: 257 }, () => 'a') }],
    ['bootstrapHosts[1]', { bootstrapHosts: ['a', 'b:0'] }],
    ['bootstrapHosts[0]', { bootstrapHosts: ['http://a'] }],
    ['bootstrapHosts[0]', { bootstrapHosts: ['/10.0.0.1:7946'] }],
    ['bootstrapHosts[0]', { bootstrapHosts: ['a/b/10.0.0.1:7946'] }],
    ['bootstrapHosts[0]', { bootstrapHosts: ['a/'] }],
    ['bootstrapHosts[0]', { bootstrapHosts: [7] }],
    ['bootstrapRefreshMs', { bootstrapRefreshMs: 99 }],
    ['bootstrapRetryMs', { bootstrapRetryMs: 99 }],
    ['bootstrapRefreshMs', { bootstrapRefreshMs: Number.NaN }],
    ['probeIntervalMs', { probeIntervalMs: 0 }],
    ['packetBytesMax', { packetBytesMax: 70_000 }],
    ['reapIntervalMs', { reapIntervalMs: -1 }],
    ['hostname', { hostname: 'a' }],
    ['retries', { retries: undefined }],
  ]
  test.each(cases)('%s %o', (option, options) => {
    const error = (() => {
      try {
        return resolve(options)
      } catch (error) {
        return error
      }
    })()
    expect(error).toBeInstanceOf(OptionError)
    expect((error as OptionError).option).toBe(option)
  })

  test('with the path under which the options were given', () => {
    expect(() => resolve({ bind: 'x' }, 'serf.')).toThrow(/^serf\.bind must be an IP address/)
    expect(() => resolve({ gossipNodes: 0 }, 'serf.')).toThrow(/^serf\.gossipNodes/)
    expect(() => resolve({ nope: 1 } as GossipOptions, 'serf.')).toThrow(/^serf\.nope/)
  })
})

test('options that are none are refused', () => {
  for (const options of [null, 5, '', [], new Map(), /x/]) {
    expect(() => resolve(options as GossipOptions)).toThrow(/^options must be a plain object/)
  }
})

test('the option that may have been meant is named', () => {
  expect(() => resolve({ hostname: 'a' } as GossipOptions, 'serf.')).toThrow(
    'serf.hostname must be left out, as there is no such option: did you mean hostName?, got "a"',
  )
})

test.each([
  [{ coordinates: 1 }, 'coordinates'],
  [{ rehearsal: 'no' }, 'rehearsal'],
  [{ rejoinAfterLeave: 'yes' }, 'rejoinAfterLeave'],
  [{ snapshotPath: '' }, 'snapshotPath'],
  [{ snapshotPath: 7 }, 'snapshotPath'],
  [{ snapshotPath: 'a\0b' }, 'snapshotPath'],
  [{ snapshotpath: '/tmp/x' }, 'snapshotpath'],
])('%o is refused', (options, option) => {
  expect(() => resolve(options as GossipOptions, 'serf.')).toThrow(
    expect.objectContaining({ option: `serf.${option}` }),
  )
})
