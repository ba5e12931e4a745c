/** Messages of one key are handled in their order, one at a time. This is the file to copy. */
import type { Cluster } from 'libring'
import type { Message, Store } from './store.ts'

/**
 * Handle what is in the queue, each message at the one member that owns its key. What `handle`
 * makes of a message is kept together with how far we are, in one write.
 */
export async function consume(
  cluster: Cluster,
  store: Store,
  handle: (message: Message) => Promise<string>,
): Promise<void> {
  // This function runs once for every partition that this member owns, until `signal` aborts.
  await cluster.runPartitions(async (partition, { held, signal }) => {
    if (held === undefined) return
    const fence = { token: held.tokenHex, member: cluster.localName }

    // Show the token first, then read: from here on nothing of an earlier owner gets in any more.
    let position = await store.open(partition, fence)
    while (!signal.aborted) {
      for (const message of await store.read(partition, position, signal)) {
        if (signal.aborted) return
        const outcome = await handle(message)
        await store.commit(partition, message.position, outcome, fence)
        position = message.position
      }
    }
  })
}
