import { Group, type GroupKind } from './group.ts'
import { Ledger } from './ledger.ts'
import {
  measureEvent,
  measureIdle,
  measureJoins,
  measureKill,
  measureLeave,
  measureQuery,
  measureTag,
  settle,
} from './measures.ts'
import type { JoinWay, Part } from './rows.ts'
import type { Peer, Side } from './side.ts'

/** One group of processes, from their start to their end. */
export interface Trial extends GroupKind {
  /** Groups that join at once go on to whatever else is asked for but for `idle`. */
  readonly way: JoinWay
  /** What is measured; whatever else is needed for it is done, and forgotten. */
  readonly parts: readonly Part[]
}

/** Of each rumour in one group, from different members: what is slow is their start. */
const RUMOURS = 3

/** Run one trial of one side. */
export async function runTrial(side: Side, trial: Trial, ledger: Ledger): Promise<void> {
  const { way, parts } = trial
  const has = (part: Part) => parts.includes(part)
  await using group = await Group.start(side, trial)
  await measureJoins(group, way, has('joins') ? ledger : new Ledger())
  if (has('idle')) return await measureIdle(group, ledger)
  const peerAt = (index: number): Peer => group.peers[index % group.peers.length]!
  for (const [part, measure] of RUMOUR_MEASURES) {
    if (!has(part)) continue
    await settle()
    for (let turn = 0; turn < RUMOURS; turn++) await measure(group, peerAt(turn), ledger)
  }
  for (const [part, measure] of ENDS) {
    if (!has(part)) continue
    await settle()
    await measure(group, group.peers.at(-1)!, ledger)
  }
}

const RUMOUR_MEASURES = [
  ['tag', measureTag],
  ['event', measureEvent],
  ['query', measureQuery],
] as const

const ENDS = [
  ['leave', measureLeave],
  ['kill', measureKill],
] as const
