import type { Spread } from '../../test/support/churn/figures.ts'
import { table } from '../ring/report.ts'
import type { ChurnFigures, RollingFigures } from './requests.ts'
import type { RoomFigures } from './sockets.ts'

/** What stands in bench/results/routing.json. */
export interface Results {
  machine: { cpu: string; cores: number; node: string }
  /** By part: when it was measured, and how much else the machine did. */
  measured: Record<string, { readonly date: string; readonly loadAverage: number }>
  churn?: ChurnFigures
  rolling?: RollingFigures
  rooms?: readonly RoomFigures[]
}

const PARTS = ['p50', 'p95', 'p99', 'max'] as const

function spreads(rows: readonly (readonly [string, Spread])[]): string {
  return table(
    ['milliseconds', 'count', ...PARTS],
    rows.map(([name, spread]) => [
      name,
      String(spread.count),
      ...PARTS.map((part) => spread[part].toFixed(1)),
    ]),
  )
}

function tallies(title: string, counts: Readonly<Record<string, number>>): string {
  return table(
    [title, 'count'],
    Object.entries(counts).map(([name, count]) => [name, String(count)]),
  )
}

export function churnReport(found: ChurnFigures): string {
  const { seed, rate, seconds, requests, outcomes, faults, windows } = found
  const ms = (value: number | undefined) => value?.toFixed(0) ?? '-'
  return [
    `Seed ${seed}: ${requests} requests in ${seconds} s, ${rate} a second, to five members and at times a`,
    `sixth. Not as promised: ${faults.length}.`,
    '',
    tallies('outcome of every time that one was sent', outcomes),
    tallies('times that a request was forwarded', found.hops),
    tallies('what happened', found.deeds),
    'When requests failed, by what had happened before; what a silent address cost the client, who went',
    'on to another one, is not among them:',
    '',
    table(
      ['what', 'heard by all, ms', 'allowed, ms', 'failed', 'last one, ms'],
      windows.map(({ kind, detectedMs, openMs, failed, lastFailedMs }) => [
        kind,
        ms(detectedMs),
        ms(openMs),
        String(
          Object.entries(failed)
            .filter(([name]) => !name.startsWith('address lost'))
            .reduce((sum, [, count]) => sum + count, 0),
        ),
        ms(lastFailedMs),
      ]),
    ),
    'How long answers took, and how soon the partitions of a member that was killed were served again:',
    '',
    spreads([
      ['answers outside of these times', found.calm],
      ['answers within', found.troubled],
      ['reads of holders: first answer after a kill', found.reads.firstAnswer],
      ['reads of holders: last failure after a kill', found.reads.lastFailure],
      ['of the primary: first answer after a kill', found.primaries.firstAnswer],
      ['of the primary: last failure after a kill', found.primaries.lastFailure],
    ]),
  ].join('\n')
}

export function rollingReport({ rate, requests, failed, before, during }: RollingFigures): string {
  const added = (part: 'p50' | 'p99') => (during[part] - before[part]).toFixed(1)
  return [
    `All five drain, end and come back, one after the other, at ${rate} requests a second: ${failed} of`,
    `${requests} failed. Added to the latency: ${added('p50')} ms at p50, ${added('p99')} ms at p99.`,
    '',
    spreads([
      ['before', before],
      ['during', during],
    ]),
  ].join('\n')
}

export function roomsReport(rooms: readonly RoomFigures[]): string {
  const [{ rooms: count, sockets }] = rooms as readonly [RoomFigures]
  const ms = (value: number) => `${value.toFixed(0)} ms`
  return [
    `${sockets} WebSockets in ${count} rooms over five members. Those that lose their connection try again after`,
    '50 to 100 ms, at whichever address. How long until all sockets of a room are on one member again,',
    'from the first that was lost, and from the first that had connected again:',
    '',
    table(
      [
        'a member is',
        'rooms on it',
        'lost sockets',
        'since lost',
        'at most',
        'since back',
        'at most',
      ],
      rooms.map(({ how, moved, disturbed, apart, gathering }) => [
        how === 'drain' ? 'drained' : 'killed',
        String(moved),
        String(disturbed),
        ms(apart.p50),
        ms(apart.max),
        ms(gathering.p50),
        ms(gathering.max),
      ]),
    ),
  ].join('\n')
}
