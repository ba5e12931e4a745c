import type { Millis } from '../base/time.ts'

/** One failure-detection round against one member, from first ping to verdict. */
export type Probe =
  | {
      readonly phase: 'direct'
      readonly seq: number
      /** When others are asked to ping. */
      readonly relayAtMs: Millis
      readonly failAtMs: Millis
    }
  | {
      readonly phase: 'relayed'
      readonly seq: number
      readonly failAtMs: Millis
      /** Nacks that healthy peers still owe us. */
      readonly nacksOwed: number
      /** Whether a nack could be expected at all. */
      readonly nacksExpected: boolean
      /** Whether the member answered over a stream. */
      readonly streamAcked: boolean
    }
  | { readonly phase: 'acked'; readonly by: 'packet' | 'stream' }
  | {
      readonly phase: 'failed'
      /** What the round says about our own health: added to the awareness score. */
      readonly awarenessDelta: number
    }

export type ProbeInput =
  | { readonly type: 'ack'; readonly seq: number }
  | { readonly type: 'nack'; readonly seq: number }
  | { readonly type: 'stream-ack'; readonly seq: number }
  /** Others have been asked; so many of them answer silence with a nack. */
  | { readonly type: 'relayed'; readonly nacksExpected: number }
  | { readonly type: 'tick' }

/**
 * The probe after `input`. Returns the same object when the input changes nothing,
 * so a caller can compare by identity.
 *
 * @see SWIM section 3.1; Lifeguard section IV-A; memberlist state.go `probeNode`.
 */
export function advanceProbe(probe: Probe, input: ProbeInput, nowMs: Millis): Probe {
  switch (probe.phase) {
    case 'direct':
      if (input.type === 'ack' && input.seq === probe.seq) return { phase: 'acked', by: 'packet' }
      if (input.type === 'relayed') return relayed(probe, input.nacksExpected, nowMs)
      if (input.type !== 'tick' || nowMs < probe.failAtMs) return probe
      return { phase: 'failed', awarenessDelta: 1 }

    case 'relayed':
      if (input.type === 'tick') return nowMs >= probe.failAtMs ? verdict(probe) : probe
      if (input.type === 'relayed' || input.seq !== probe.seq) return probe
      if (input.type === 'ack') return { phase: 'acked', by: 'packet' }
      if (input.type === 'stream-ack') return { ...probe, streamAcked: true }
      return { ...probe, nacksOwed: Math.max(0, probe.nacksOwed - 1) }

    case 'acked':
    case 'failed':
      return probe
  }
}

/** The probe with so much more time: whoever waited was not there to hear an answer. */
export function extendedProbe(probe: Probe, byMs: Millis): Probe {
  switch (probe.phase) {
    case 'direct':
      return { ...probe, relayAtMs: probe.relayAtMs + byMs, failAtMs: probe.failAtMs + byMs }
    case 'relayed':
      return { ...probe, failAtMs: probe.failAtMs + byMs }
    case 'acked':
    case 'failed':
      return probe
  }
}

/** When `advanceProbe` is next worth a tick, or `undefined` once there is a verdict. */
export function probeDeadlineMs(probe: Probe): Millis | undefined {
  switch (probe.phase) {
    case 'direct':
      return Math.min(probe.relayAtMs, probe.failAtMs)
    case 'relayed':
      return probe.failAtMs
    case 'acked':
    case 'failed':
      return undefined
  }
}

/** Asked late, others have as long as if they had been asked in time. */
function relayed(
  probe: Extract<Probe, { phase: 'direct' }>,
  nacksExpected: number,
  nowMs: Millis,
): Probe {
  return {
    phase: 'relayed',
    seq: probe.seq,
    failAtMs: probe.failAtMs + Math.max(0, nowMs - probe.relayAtMs),
    nacksOwed: nacksExpected,
    nacksExpected: nacksExpected > 0,
    streamAcked: false,
  }
}

/** At the deadline: the stream may have had an answer where packets had none. */
function verdict(probe: Extract<Probe, { phase: 'relayed' }>): Probe {
  if (probe.streamAcked) return { phase: 'acked', by: 'stream' }
  return { phase: 'failed', awarenessDelta: probe.nacksExpected ? probe.nacksOwed : 1 }
}
