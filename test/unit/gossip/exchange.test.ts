import { describe, expect, test } from 'vitest'
import type { GossipNode } from '../../../packages/libring/src/gossip/gossip-node.ts'
import { Bench } from '../../support/simulated-node.ts'

const statuses = (node: GossipNode) =>
  Object.fromEntries(node.members().map(({ name, status }) => [name, status]))

/** Two nodes that know each other. */
async function pair() {
  const bench = new Bench()
  const [left, right] = [bench.node(1), bench.node(2)] as const
  await left.start()
  await right.start()
  await bench.settled(left.join(['10.0.0.2']))
  bench.pass(1_000)
  return { bench, left, right }
}

describe('exchanging members', () => {
  /** Three nodes of which the middle one knows both others, and they nothing of each other. */
  async function chain() {
    const bench = new Bench()
    const nodes = [bench.node(1), bench.node(2), bench.node(3)] as const
    for (const node of nodes) await node.start()
    const [first, middle, last] = nodes
    await bench.settled(first.join(['10.0.0.2']))
    bench.pass(1_000)
    bench.network.split([['10.0.0.1'], ['10.0.0.2', '10.0.0.3']])
    await bench.settled(last.join(['10.0.0.2']))
    bench.network.heal()
    return { bench, first, middle, last }
  }

  test('with a member by name tells each whom the other sees', async () => {
    const { bench, first, last } = await chain()
    expect(Object.keys(statuses(first))).toEqual(['node-1', 'node-2'])
    const answers: boolean[] = []
    first.ringChannel.exchange('node-2', (answered) => answers.push(answered))
    bench.pass(20)
    expect(answers).toEqual([true])
    expect(statuses(first)).toMatchObject({ 'node-3': 'alive' })
    expect(statuses(last)).toMatchObject({ 'node-1': 'alive' })
  })

  test('with a member by name has told listeners whom it showed before it is over', async () => {
    const { bench, first } = await chain()
    const heard: string[] = []
    first.subscribe(({ type, members }) => heard.push(`${type} ${members[0]?.name}`))
    first.ringChannel.exchange('node-2', (answered) => heard.push(`over ${answered}`))
    bench.pass(20)
    expect(heard).toEqual(['member-join node-3', 'over true'])
  })

  test('announces no join', async () => {
    const { bench, left, right } = await pair()
    bench.pass(10_000)
    const before = right.stats.received.join
    const answers: boolean[] = []
    for (let i = 0; i < 5; i++)
      left.ringChannel.exchange('node-2', (answered) => answers.push(answered))
    left.ringChannel.exchangeWithAny((answered) => answers.push(answered))
    bench.pass(10_000)
    expect(answers).toEqual([true, true, true, true, true, true])
    expect(right.stats.received.join).toBe(before)
    await bench.settled(left.join(['10.0.0.2']))
    bench.pass(10_000)
    expect(right.stats.received.join).toBeGreaterThan(before)
  })

  test('with nobody, oneself, a member that is silent, or one that is stopped, fails', async () => {
    const { bench, left, right } = await pair()
    const answers: string[] = []
    const note = (who: string) => (answered: boolean) => answers.push(`${who} ${answered}`)
    left.ringChannel.exchange('node-9', note('nobody'))
    left.ringChannel.exchange('node-1', note('self'))
    expect(answers).toEqual(['nobody false', 'self false'])
    bench.network.split([['10.0.0.1'], ['10.0.0.2']])
    left.ringChannel.exchange('node-2', note('silent'))
    left.ringChannel.exchangeWithAny(note('any'))
    bench.pass(10_000)
    expect(answers.slice(2).toSorted()).toEqual(['any false', 'silent false'])
    await right.stop()
    bench.network.heal()
    left.ringChannel.exchange('node-2', note('stopped'))
    bench.pass(10_000)
    expect(answers.at(-1)).toBe('stopped false')
  })

  test('with any is done with the first answer, however silent the others are', async () => {
    const bench = new Bench()
    const nodes = [1, 2, 3, 4].map((last) => bench.node(last))
    for (const node of nodes) await node.start()
    await bench.settled(nodes[0]!.join(['10.0.0.2', '10.0.0.3', '10.0.0.4']))
    bench.pass(1_000)
    bench.network.split([
      ['10.0.0.1', '10.0.0.2'],
      ['10.0.0.3', '10.0.0.4'],
    ])
    const answers: boolean[] = []
    nodes[0]!.ringChannel.exchangeWithAny((answered) => answers.push(answered))
    bench.pass(100)
    expect(answers).toEqual([true])
    bench.pass(60_000)
    expect(answers).toEqual([true])
  })

  test('is over at the stop, and cannot begin before the start', async () => {
    const answers: boolean[] = []
    const onDone = (answered: boolean) => answers.push(answered)
    new Bench().node(1).ringChannel.exchangeWithAny(onDone)
    expect(answers).toEqual([false])
    const { left } = await pair()
    left.ringChannel.exchange('node-2', onDone)
    left.ringChannel.exchangeWithAny(onDone)
    expect(answers).toEqual([false])
    await left.stop()
    expect(answers).toEqual([false, false, false])
  })

  test('with any turns to members that are gone for want of others only', async () => {
    const bench = new Bench()
    const nodes = [1, 2, 3, 4, 5].map((last) => bench.node(last))
    for (const node of nodes) await node.start()
    const [first, ...others] = nodes
    await bench.settled(first!.join(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']))
    bench.pass(1_000)
    // Two stay, who are always asked; when none stays, those that are gone are.
    await others[0]!.stop()
    await others[1]!.stop()
    bench.pass(60_000)
    const answers: boolean[] = []
    for (let i = 0; i < 20; i++)
      first!.ringChannel.exchangeWithAny((answered) => answers.push(answered))
    bench.pass(10_000)
    expect(answers).toEqual(Array.from({ length: 20 }, () => true))
    for (const node of others.slice(2)) await node.stop()
    bench.pass(60_000)
    const sentBefore = first!.stats.swim.pushPullsSent
    first!.ringChannel.exchangeWithAny((answered) => answers.push(answered))
    expect(first!.stats.swim.pushPullsSent - sentBefore).toBe(3)
    bench.pass(10_000)
    expect(answers.at(-1)).toBe(false)
  })
})
