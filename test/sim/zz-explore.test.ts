import { test } from 'vitest'
import { World, type SimNode } from 'libring/sim'
import { KeyWatch } from '../support/key-watch.ts'

test('explore', async () => {
  const updated = new Set<string>()
  const opts = ({ name }: { name: string }) =>
    updated.has(name) ? { partitions: 96, redundancy: 2 } : { partitions: 64, redundancy: 2 }
  const world = new World({ seed: 7, nodes: 6, latencyMs: [1, 20], lossRate: 0.02, cluster: opts })
  const watch = new KeyWatch(world)
  const log: string[] = []
  const begin = (node: SimNode) => {
    watch.watch(node, opts(node))
    const c = node.cluster
    const say = (s: string) => log.push(`${world.nowMs.toFixed(0)} ${node.name} ${s}`)
    c.on('handoff-timeout', ({ reason, member, partitions }) =>
      say(`TIMEOUT ${reason} ${member} ${partitions.length}`),
    )
    c.on('double-holder', ({ member, partitions }) => say(`DOUBLE ${member} ${partitions.length}`))
    c.on('orphan', ({ partitions }) => say(`ORPHAN ${partitions.length}`))
    c.on('rebalance', ({ members }) => say(`view ${members.map((m) => m.name).join()}`))
    c.on('member', ({ type, members }) => say(`${type} ${members.map((m) => m.name).join()}`))
    let acc: Record<string, number> = {}
    const count = (k: string) => {
      const key = `${world.nowMs.toFixed(0)} ${node.name} ${k}`
      const last = log.at(-1)
      if (last?.startsWith(key))
        log[log.length - 1] = `${key} x${Number(last.split('x')[1] ?? 1) + 1}`
      else log.push(`${key} x1`)
    }
    c.on('acquire', ({ replica }) => replica === 0 && count('acquire'))
    c.on('release', ({ replica }) => replica === 0 && count('release'))
    c.on(
      'change',
      ({ replica, previousReplica }) =>
        (replica === 0 || previousReplica === 0) &&
        count('change ' + (replica === 0 ? 'up' : 'down')),
    )
  }
  for (const n of world.nodes) begin(n)
  await world.run(25_000)
  for (const [i, node] of world.nodes.entries()) {
    if (i === 4) break
    log.length = i === 3 ? 0 : log.length
    log.push(`--- kill ${node.name} at ${world.nowMs}`)
    node.crash()
    watch.gone(node)
    await world.run(8_000)
    updated.add(node.name)
    log.push(`--- restart ${node.name} at ${world.nowMs}`)
    node.restart()
    begin(node)
    await world.run(25_000)
  }
  console.log(log.join('\n'))
  console.log(watch.faults.length)
})
