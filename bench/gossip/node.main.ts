/** The program behind ours.ts: one gossip node, which tells what it sees by lines. */
import { createGossipNode } from 'libring/serf'
import type { NodeAnswer, NodeCommand } from './ours.ts'
import type { Place, What } from './side.ts'

const { name, host, profile } = JSON.parse(process.argv[2]!) as Place
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
