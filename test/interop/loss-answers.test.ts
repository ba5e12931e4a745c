import { describe, expect, test } from 'vitest'
import { binomialBounds } from '../support/binomial.ts'
import { LossyNetwork, lossMissing } from '../support/lossy-network.ts'
import { MixedCluster } from '../support/mixed-cluster.ts'
import type { Question } from '../support/participant.ts'
import { serfMissing } from '../support/serf-agent.ts'
import { SETTING, SETTINGS } from '../support/serf-settings.ts'

const LOSS = 0.1
const RELAYS = 3
const ROUNDS = 8
const NAMES = ['agent-1', 'agent-2', 'agent-3', 'ours-1', 'ours-2', 'ours-3']
const ASKERS = ['agent-1', 'ours-1']

interface Query {
  readonly asker: string
  readonly question: Question
  /** Whom it is for. */
  readonly meant: readonly string[]
}

/** What is asked at once. */
const QUERIES: readonly Query[] = ASKERS.flatMap((asker) => [
  ...Array.from({ length: 8 }, () => ({ asker, question: {}, meant: NAMES })),
  ...Array.from({ length: 8 }, () => ({
    asker,
    question: { relayFactor: RELAYS },
    meant: NAMES,
  })),
  {
    asker,
    question: { filterTags: { kind: '^ou', place: '[23]$' } },
    meant: ['ours-2', 'ours-3'],
  },
  {
    asker,
    question: { filterTags: { kind: 't$' } },
    meant: ['agent-1', 'agent-2', 'agent-3'],
  },
  { asker, question: { filterNodes: ['ours-1', 'agent-2'] }, meant: ['agent-2', 'ours-1'] },
])

interface Outcome {
  readonly query: Query
  /** Whose acks came. */
  readonly acks: readonly string[]
  /** Whose responses came. */
  readonly responses: readonly string[]
  /** Which of ours it reached. Gossip may pass somebody by. */
  readonly reached: readonly string[]
}

async function ask(cluster: MixedCluster, query: Query, name: string): Promise<Outcome> {
  const answers = await cluster.member(query.asker).ask(name, query.question)
  const acks = answers.acks
  const responses = Object.keys(answers.responses)
  const reached = cluster.running
    .filter((member) => isOurs(member.name) && member.wasAsked(name))
    .map((member) => member.name)
  return { query, acks, responses, reached }
}

const isOurs = (name: string): boolean => name.startsWith('ours')
const isAgent = (name: string): boolean => !isOurs(name)

/** Of answers of one kind: how many were due, known to be sent, and lost. */
interface Tally {
  due: number
  sent: number
  lost: number
}

type NamesOf = (outcome: Outcome) => readonly string[]

/**
 * What the asker sends to itself does not count, as it crosses no network.
 *
 * @param senders who are known to have sent an answer, other than by that answer.
 * @param came whose answers came.
 */
function tallyOf(
  outcomes: readonly Outcome[],
  isOfKind: (name: string) => boolean,
  senders: NamesOf,
  came: NamesOf,
): Tally {
  const tally = { due: 0, sent: 0, lost: 0 }
  for (const outcome of outcomes) {
    const { asker, meant } = outcome.query
    const due = meant.filter((name) => name !== asker && isOfKind(name))
    const sent = due.filter((name) => senders(outcome).includes(name))
    tally.due += due.length
    tally.sent += sent.length
    tally.lost += sent.filter((name) => !came(outcome).includes(name)).length
  }
  return tally
}

/**
 * Whoever is asked sends an ack and a response, each once. One of ours tells that it was asked. Of
 * an agent one answer tells that it sent the other one.
 */
function talliesOf(outcomes: readonly Outcome[]): Readonly<Record<string, Tally>> {
  const acks: NamesOf = (outcome) => outcome.acks
  const responses: NamesOf = (outcome) => outcome.responses
  const reached: NamesOf = (outcome) => outcome.reached
  return {
    'acks of ours': tallyOf(outcomes, isOurs, reached, acks),
    'responses of ours': tallyOf(outcomes, isOurs, reached, responses),
    'acks of agents': tallyOf(outcomes, isAgent, responses, acks),
    'responses of agents': tallyOf(outcomes, isAgent, acks, responses),
  }
}

/** Each answer was lost with this likelihood, and apart from the others. */
function expectLost(tallies: Readonly<Record<string, Tally>>, likelihood: number): void {
  for (const [answers, { due, sent, lost }] of Object.entries(tallies)) {
    // Gossip passes somebody by once in a hundred times, and one answer in ten tells of no other.
    expect(sent, answers).toBeGreaterThan((2 / 3) * due)
    const { least, most } = binomialBounds(sent, likelihood)
    expect(lost, answers).toBeGreaterThanOrEqual(least)
    expect(lost, answers).toBeLessThanOrEqual(most)
  }
}

const skipped = serfMissing ?? lossMissing

describe.skipIf(skipped).each(SETTINGS.slice(0, 2))(
  `queries where one packet in ten is lost; ${SETTING} ${skipped ?? ''}`,
  ({ args, options }) => {
    test('are answered by those meant: nine times in ten, and nearly always with relays', async () => {
      using network = new LossyNetwork(100 * LOSS)
      await using cluster = await MixedCluster.start('agent', { args, options, network })
      const outcomes: Outcome[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const asked = QUERIES.map((query, i) => ask(cluster, query, `query-${round}-${i}`))
        outcomes.push(...(await Promise.all(asked)))
      }

      for (const { query, acks, responses, reached } of outcomes) {
        for (const names of [acks, responses, reached]) {
          expect(names.filter((name) => !query.meant.includes(name))).toEqual([])
          // One of ours is asked by itself without any packet.
          if (isOurs(query.asker) && query.meant.includes(query.asker)) {
            expect(names).toContain(query.asker)
          }
        }
      }
      for (const query of QUERIES) {
        const answers = outcomes.filter((outcome) => outcome.query === query)
        const ever = new Set(answers.flatMap(({ acks, responses }) => [...acks, ...responses]))
        expect([...ever].toSorted()).toEqual(query.meant)
      }
      const [direct, relayed] = [0, RELAYS].map((relays) =>
        talliesOf(outcomes.filter(({ query }) => (query.question.relayFactor ?? 0) === relays)),
      )
      expectLost(direct!, LOSS)
      // By way of a relay it takes two packets.
      expectLost(relayed!, LOSS * (1 - (1 - LOSS) ** 2) ** RELAYS)
    })
  },
)
