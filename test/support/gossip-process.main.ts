/** The program behind {@link GossipProcess}: one gossip node, driven over the IPC channel. */
import { createGossipNode } from 'libring/serf'
import type { GossipAnswer, GossipCommand, GossipProcessSetup } from './gossip-process.ts'
import type { Answers, Question } from './participant.ts'

const { name, host, tags = {}, options } = JSON.parse(process.argv[2]!) as GossipProcessSetup
const node = createGossipNode(
  { hostName: name, bind: `${host}:7946`, tags, profile: 'lan', ...options },
  { logger: console },
)
const send = (message: unknown): void => void process.send?.(message)

process.once('disconnect', () => process.exit())
node.subscribe(send)
node.on('user-event', ({ name }) => send({ type: 'user-event', name }))
node.on('query', (query) => {
  send({ type: 'query', name: query.name })
  query.respond(name)
})
node.on('name-lost', () => process.disconnect())
const started = node.start()

process.on('message', (command: GossipCommand & { id: number }) => {
  const { id } = command
  void started
    .then(() => perform(command))
    .then(
      (value): GossipAnswer => ({ id, value }),
      (error: unknown): GossipAnswer => ({ id, error: String(error) }),
    )
    .then(send)
    .then(() => {
      if (command.type === 'leave') process.disconnect()
    })
})

async function perform(command: GossipCommand): Promise<unknown> {
  switch (command.type) {
    case 'members':
      return node.members().map(({ name, host, port, status, tags }) => ({
        name,
        address: `${host}:${port}`,
        status,
        tags,
      }))
    case 'set-tags':
      return await node.setTags(command.tags)
    case 'join':
      return await node.join([command.address])
    case 'force-leave':
      return await node.forceLeave(command.name, { prune: command.prune })
    case 'intents-queued':
      return node.gauges.intentsQueued
    case 'user-event':
      return await node.userEvent(command.name)
    case 'ask':
      return await answersTo(command.name, command.question)
    case 'keys':
      await node.keys[command.operation](command.key)
      return
    case 'key-counts':
      return Object.fromEntries((await node.keys.list()).keys)
    case 'rtt':
      return node.rtt(command.a, command.b)
    case 'leave':
      await node.leave()
      return await node.stop()
  }
}

async function answersTo(name: string, question: Question): Promise<Answers> {
  const acks: string[] = []
  const responses: Record<string, string> = {}
  const asked = node.query(name, '', { ...question, requestAck: true, timeoutMs: 3_000 })
  for await (const { type, from, payload } of asked) {
    if (type === 'ack') acks.push(from)
    else responses[from] = new TextDecoder().decode(payload)
  }
  return { acks: acks.toSorted(), responses }
}
