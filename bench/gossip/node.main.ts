/** The program behind ours.ts: one gossip node, which tells what it sees by lines. */
import { createGossipNode } from 'libring/serf'
import type { NodeAnswer, NodeCommand } from './ours.ts'
import type { Place, What } from './side.ts'

/** Enough for most code to have been compiled once; not for the best that V8 can make of it. */
const WARM_ROUNDS = 3
const WARM_NODES = 4

const { name, host, profile, isWarm } = JSON.parse(process.argv[2]!) as Place
if (isWarm) for (let round = 0; round < WARM_ROUNDS; round++) await rehearse()
const node = createGossipNode({ hostName: name, bind: `${host}:7946`, profile })
// Writes to a pipe are over when this returns.
const tell = (what: What | 'ready', subject = '-'): void =>
  void process.stdout.write(`${what} ${subject}\n`)
const words: Readonly<Record<string, What>> = {
  'member-join': 'join',
  'member-update': 'update',
  'member-leave': 'leave',
  'member-failed': 'failed',
}

process.once('disconnect', () => process.exit())
node.subscribe(({ type, members }) => {
  const what = words[type]
  if (what !== undefined) for (const member of members) tell(what, member.name)
})
node.on('user-event', (event) => tell('event', event.name))
await node.start()
tell('ready')

process.on('message', (command: NodeCommand) => {
  const { id } = command
  perform(command)
    .then((): NodeAnswer => ({ id }))
    .catch((error: unknown): NodeAnswer => ({ id, error: String(error) }))
    .then((answer) => process.send?.(answer))
    .catch(() => process.exit(1))
})

async function perform(command: NodeCommand): Promise<void> {
  switch (command.type) {
    case 'join':
      await node.join([command.address])
      return
    case 'tag':
      return await node.setTags({ [command.key]: command.value })
    case 'event':
      return await node.userEvent(command.name)
    case 'query':
      void tellAcks(command.name)
      return
    case 'leave':
      await node.leave()
      return await node.stop()
  }
}

async function tellAcks(query: string): Promise<void> {
  for await (const { type, from } of node.query(query, '', { requestAck: true })) {
    if (type === 'ack') tell('ack', from)
  }
}

/** Have some nodes of this process meet, talk and part. */
async function rehearse(): Promise<void> {
  const nodes = Array.from({ length: WARM_NODES }, (_, index) =>
    createGossipNode({ hostName: `${name}-${index}`, bind: `${host}:${9_000 + index}`, profile }),
  )
  const [seed, ...joiners] = nodes
  await Promise.all(nodes.map((one) => one.start()))
  for (const joiner of joiners) await joiner.join([`${host}:9000`])
  await seed!.setTags({ step: 'rehearsal' })
  await seed!.userEvent('rehearsal')
  const acks = seed!.query('rehearsal', '', { requestAck: true, timeoutMs: 300 })
  for await (const { type } of acks) if (type !== 'ack') break
  await joiners[0]!.leave()
  await Promise.all(nodes.map((one) => one.stop()))
}
