import { execFile, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { loopbackAddresses } from '../support/loopback.ts'
import { NameServer } from '../support/name-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// Goal: what a name stands for is asked of the operating system, and all of it is used.
// Method: a process for which the system asks our name server, since its files in /etc are others.

const run = promisify(execFile)
const NAME = 'members.example.test'

/** Why no process can be given another name server here, or an empty text when one can. */
const missing =
  spawnSync('unshare', ['--mount', 'true']).status === 0 ? '' : '(`unshare --mount` takes root)'

const PROGRAM = `
import { createSerf } from 'libring/serf'

const [bind, host] = process.argv.slice(1)
const serf = createSerf({ hostName: 'ann', bind, profile: 'local' })
await serf.start()
const { attempts } = await serf.join([host]).catch((error) => error)
console.log(attempts.map(({ address }) => address).join('\\n'))
await serf.stop()
`

/** Who was asked to let a node in that joins this host, as it says afterwards. */
async function addressesTried(nameServer: string, host: string): Promise<string[]> {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'resolv.conf'), `nameserver ${nameServer}\n`)
  writeFileSync(join(folder, 'nsswitch.conf'), 'hosts: files dns\n')
  const file = (name: string): string => `mount --bind "$0/${name}" "/etc/${name}"`
  const script = `${file('resolv.conf')} && ${file('nsswitch.conf')} && exec "$@"`
  const node = ['--import', 'tsx', '--conditions=libring-source', '--input-type=module', '--eval']
  const { stdout } = await run('unshare', [
    ...['--mount', 'sh', '-c', script, folder],
    ...[process.execPath, ...node, PROGRAM, '127.0.0.1:0', host],
  ])
  return stdout.trim().split('\n').toSorted()
}

test.skipIf(missing !== '')(
  `every address of a name is tried, of either family ${missing}`,
  async () => {
    const place = loopbackAddresses().next()
    const hosts = { [NAME]: ['127.0.0.91', '127.0.0.92', '127.0.0.93', '::1', 'fd00::7'] }
    await using server = await NameServer.start(place, { hosts }, 53)
    // Nobody listens at any of them.
    expect(await addressesTried(place, `${NAME}:1`)).toEqual([
      '127.0.0.91:1',
      '127.0.0.92:1',
      '127.0.0.93:1',
      '[::1]:1',
      '[fd00::7]:1',
    ])
    expect(new Set(server.asked)).toEqual(new Set([NAME]))
  },
)
