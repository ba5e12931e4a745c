import type { RouterStats } from 'libring/http'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { GOSSIP_READINGS, type MeteredNode } from './gossip-readings.ts'
import {
  Propagation,
  PROPAGATION_READINGS,
  PROPAGATION_SECONDS,
  type ProbedNode,
} from './propagation.ts'
import { register } from './reading.ts'
import { HANDOFF_SECONDS, RING_READINGS, ROUTER_READINGS } from './ring-readings.ts'
import { RingWatch, type MeteredCluster } from './ring-watch.ts'

export interface MetricsOptions {
  /** Watched from now on: make it before the cluster starts, or what it holds already is not seen. */
  readonly cluster: MeteredCluster
  /** Into how many partitions the key space of the cluster is cut. */
  readonly partitions: number
  /** The gossip node underneath, where there is one. */
  readonly serf?: (MeteredNode & ProbedNode) | undefined
  /** A router of this process, where there is one. */
  readonly router?: { readonly stats: RouterStats } | undefined
  /** What the program is, for `libring_agent_info`. */
  readonly version: string
  /** Of a clock that is never set, in milliseconds. @defaultValue `performance.now` */
  readonly nowMs?: () => number
}

/** What Prometheus scrapes; a source for the HTTP API. */
export interface Metrics {
  /** Of what `metrics` gives, as the value of `Content-Type`. */
  readonly contentType: string
  /** Everything as it stands now, in the text format of Prometheus. */
  metrics(): Promise<string>
  /** How soon news is everywhere: nothing, until it is started. */
  readonly propagation: Propagation | undefined
  /** Watch the cluster no more. */
  stop(): void
}

/** Of Node's own, those whose names break the rules of Prometheus for what is no counter. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
] as const

/**
 * Metrics of an agent: of gossip, of the ring, of a router, of the process and of its event loop
 * (`nodejs_eventloop_lag_*`). How many series there are depends on no other member.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const { cluster, partitions, serf, router, version, nowMs = () => performance.now() } = options
  const registry = new Registry()
  const onHandedOff = observerOf(registry, HANDOFF_SECONDS)
  const watch = new RingWatch({ cluster, partitions, nowMs, onHandedOff })
  const propagation =
    serf &&
    new Propagation({ node: serf, nowMs, onHeard: observerOf(registry, PROPAGATION_SECONDS) })
  const info = new Gauge({
    name: 'libring_agent_info',
    help: 'Always 1; the version of the agent is its label.',
    labelNames: ['version'],
    registers: [registry],
  })
  info.set({ version }, 1)
  if (serf !== undefined) register(registry, GOSSIP_READINGS, serf)
  if (propagation !== undefined) register(registry, PROPAGATION_READINGS, propagation)
  register(registry, RING_READINGS, watch)
  if (router !== undefined) register(registry, ROUTER_READINGS, router)
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  return {
    contentType: registry.contentType,
    metrics: () => registry.metrics(),
    propagation,
    stop() {
      watch.stop()
      propagation?.stop()
    },
  }
}

/** A histogram of seconds, fed with milliseconds. */
function observerOf(
  registry: Registry,
  setting: { readonly name: string; readonly help: string; readonly buckets: readonly number[] },
): (durationMs: number) => void {
  const buckets = [...setting.buckets]
  const histogram = new Histogram({ ...setting, buckets, registers: [registry] })
  return (durationMs) => histogram.observe(durationMs / 1_000)
}
