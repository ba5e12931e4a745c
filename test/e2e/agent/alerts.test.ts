import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasPromtool, promtool, RULES_FILE } from '../../support/prometheus.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const rules = readFileSync(RULES_FILE, 'utf8')
const ALERTS = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!)

/** A series, and its values one a minute in the notation of promtool: `start+step x times`. */
type Series = readonly [series: string, values: string]

/** Two agents of a ring of eight partitions, with nothing wrong. */
const HEALTHY: readonly Series[] = ['a', 'b'].flatMap((instance) => {
  const of = (name: string, values: string, ...labels: readonly string[]): Series => {
    return [`${name}{${['job="libring"', `instance="${instance}"`, ...labels].join(', ')}}`, values]
  }
  return [
    of('up', '1x60'),
    of('libring_agent_info', '1x60', 'version="1.0.0"'),
    of('libring_members', '2x60', 'status="alive"'),
    of('libring_members', '0x60', 'status="failed"'),
    of('libring_partitions', '8x60'),
    of('libring_partitions_held', '4x60', 'replica="0"'),
    of('libring_double_holders_total', '0x60'),
    of('libring_orphans', '0x60'),
    of('libring_handoff_longest_wait_seconds', '2x60'),
    of('libring_partitions_unready', '0x60'),
    of('libring_handlers_failed_total', '1x60'),
    of('libring_handlers_overdue_total', '0x60'),
    of('libring_config_mismatch_fields', '0x60'),
    of('libring_view_digest', '77x60'),
    of('libring_health_score', '0x60'),
    of('libring_refutations_total', '0x60'),
    of('libring_probes_total', '0+60x60'),
    of('libring_probes_saved_by_stream_total', '0+1x60'),
    of('libring_messages_dropped_total', '0x60', 'reason="key"'),
    of('libring_name_conflicts_total', '0x60'),
    of('libring_queue_depth', '3x60', 'queue="events"'),
    of('nodejs_eventloop_lag_p99_seconds', '0.02x60'),
    of('libring_ring_stalls_total', '0x60'),
  ]
})

/** What the series of the first agent are when each alert is to fire. */
const TROUBLE: Readonly<Record<string, Series>> = {
  LibringAgentDown: ['up', '0x60'],
  LibringMemberFailed: ['libring_members{status="failed"}', '1x60'],
  LibringPartitionsUnserved: ['libring_partitions_held', '3x60'],
  LibringTwoPrimaries: ['libring_partitions_held', '5x60'],
  LibringDoubleHolders: ['libring_double_holders_total', '0+1x60'],
  LibringOrphans: ['libring_orphans', '1x60'],
  LibringHandoffStuck: ['libring_handoff_longest_wait_seconds', '61x60'],
  LibringConsumerSlow: ['libring_partitions_unready', '1x60'],
  LibringConsumerFails: ['libring_handlers_failed_total', '0+1x60'],
  LibringConsumerOverdue: ['libring_handlers_overdue_total', '0+1x60'],
  LibringConfigMismatch: ['libring_config_mismatch_fields', '1x60'],
  LibringAgentsDisagree: ['libring_view_digest', '78x60'],
  LibringIslands: ['libring_members{status="alive"}', '1x60'],
  LibringEncryptionDiffers: ['libring_messages_dropped_total', '0+1x60'],
  LibringNameConflict: ['libring_name_conflicts_total', '0+1x60'],
  LibringQueueDeep: ['libring_queue_depth', '1001x60'],
  LibringUnhealthy: ['libring_health_score', '3x60'],
  LibringAccused: ['libring_refutations_total', '0+1x60'],
  LibringPacketsLost: ['libring_probes_saved_by_stream_total', '0+6x60'],
  LibringEventLoopSlow: ['nodejs_eventloop_lag_p99_seconds', '0.3x60'],
  LibringStalled: ['libring_ring_stalls_total', '0+1x60'],
}

/** HEALTHY, with other values for one metric: of the first agent, or of both. */
function troubled([metric, values]: Series, who: 'first' | 'both'): Series[] {
  const [name, label = ''] = metric.split(/[{}]/)
  return HEALTHY.map(([series, usual]) => {
    const isIt = series.startsWith(`${name}{`) && series.includes(label)
    return [series, isIt && (who === 'both' || series.includes('"a"')) ? values : usual]
  })
}

/** Have promtool say whether, after half an hour of these series, just these alerts fire. */
function check(series: readonly Series[], firing: readonly string[]): string {
  const folder = temporaryFolder()
  const file = join(folder, 'alerts.test.json')
  const expression = 'count by (alertname) (ALERTS{alertstate="firing"})'
  const samples = firing.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 }))
  const written = {
    rule_files: [resolve(RULES_FILE)],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: series.map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [{ expr: expression, eval_time: '30m', exp_samples: samples }],
      },
    ],
  }
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(written))
  const { status, output } = promtool(['test', 'rules', file])
  return status === 0 ? '' : output
}

test('every alert names the place of the page that says what to do', () => {
  expect(ALERTS.length).toBeGreaterThan(10)
  const runbooks = [...rules.matchAll(/^ +runbook: (.*)$/gm)].map(([, place]) => place)
  expect(runbooks).toEqual(ALERTS.map((alert) => `docs/operating/alerts.md#${alert.toLowerCase()}`))
})

describe.skipIf(!hasPromtool)('the rules, as Prometheus reads them', () => {
  test('are well formed', () => {
    expect(promtool(['check', 'rules', RULES_FILE])).toMatchObject({ status: 0 })
  })

  test('fire for nothing where nothing is wrong', () => {
    expect(check(HEALTHY, [])).toBe('')
  })

  test('have a trouble to be tried by, each of them', () => {
    expect(Object.keys(TROUBLE)).toEqual(ALERTS)
  })

  test.each(Object.entries(TROUBLE))('%s fires when it should, and no other', (alert, series) => {
    // Islands are seen by nobody; for the others one agent is enough.
    const who = alert === 'LibringIslands' ? 'both' : 'first'
    expect(check(troubled(series, who), [alert])).toBe('')
  })
})
