/**
 * The program behind {@link WriterProcess}: a member of a ring that goes on writing for everything
 * it ever held, whether it still does or not.
 */
import { Cluster, type Held } from 'libring'
import type { WriterNews, WriterSetup } from './writer-process.ts'

const { name, bind, keyring, join, partitions } = JSON.parse(process.argv[2]!) as WriterSetup
const tell = (news: WriterNews): void => void process.send?.(news)
const written: Held[] = []

const cluster = new Cluster({
  hostName: name,
  partitions,
  redundancy: 2,
  settleMs: 200,
  serf: {
    bind,
    keyring,
    bootstrapHosts: join,
    profile: 'local',
    probeIntervalMs: 200,
    probeTimeoutMs: 100,
  },
  onAcquire({ partition, replica }) {
    tell({ type: 'handler', handler: 'onAcquire', partition })
    if (replica === 0) written.push(cluster.held(partition)!)
    // Is called again and again, so that a call is due whenever the process is stopped.
    if (partition === 0) throw new Error('never')
  },
  onRelease({ partition }) {
    tell({ type: 'handler', handler: 'onRelease', partition })
  },
  onChange({ partition, replica }) {
    tell({ type: 'handler', handler: 'onChange', partition })
    if (replica === 0) written.push(cluster.held(partition)!)
  },
})
cluster.on('stalled', ({ durationMs }) => tell({ type: 'stalled', durationMs }))
cluster.on('release', ({ partition }) => tell({ type: 'released', partition }))

process.once('disconnect', () => process.exit())
await cluster.start()

setInterval(() => {
  for (const { partition, tokenHex, valid, signal } of written) {
    tell({ type: 'write', partition, tokenHex, valid, aborted: signal.aborted })
  }
}, 20)
