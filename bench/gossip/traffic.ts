import { readFileSync } from 'node:fs'

/** What has been sent in this network namespace so far. */
export interface Traffic {
  /** UDP. */
  readonly datagrams: number
  /** Over the loopback, of any kind. */
  readonly packets: number
  /** Of these packets, with all headers: 42 bytes of each datagram, 66 or more of a TCP segment. */
  readonly bytes: number
}

/** Linux only. All that members send goes over the loopback, and nothing else does. */
export function trafficSoFar(): Traffic {
  const [titles, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
    .map((line) => line.split(' ')) as [string[], string[]]
  const counters = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((line) => line.trimStart().startsWith('lo:'))!
    .split(':')[1]!
    .trim()
    .split(/\s+/)
    .map(Number)
  return {
    datagrams: Number(values[titles.indexOf('OutDatagrams')]),
    bytes: counters[8]!,
    packets: counters[9]!,
  }
}
