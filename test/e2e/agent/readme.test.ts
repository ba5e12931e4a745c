import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { loopbackAddresses } from '../../support/loopback.ts'
import { reapWithUs } from '../../support/reaper.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

// Goal: whoever follows the first page of the package gets what it says.
// Method: its commands, line by line as they stand there, at an address of the test's own. Only `npx`
// is ours: it runs the program from its sources, and asks at that address where none is given.

const root = fileURLToPath(new URL('../../..', import.meta.url))
const PATIENCE = { timeout: 60_000, interval: 100 }

const NPX = `#!/bin/sh
shift
case "$1 $*" in
  *-http-addr*) ;;
  agent*) set -- "$@" -rpc-addr "$HOST" -http-addr "$HOST" ;;
  ring*|lookup*|plan*|drain*) set -- "$@" --http-addr "$HOST:7380" ;;
esac
exec "$NODE" --import "$TSX" --conditions=libring-source "$MAIN" "$@"
`

/** The commands of one part of the page, a list for each block. */
function blocksBelow(heading: string): string[][] {
  const page = readFileSync(join(root, 'packages/agent/README.md'), 'utf8')
  const part = page.split(`## ${heading}\n`)[1]!.split(/^## /m)[0]!
  return [...part.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => {
    const isHere = /^cat > .*?^END\n/ms
    const [whole = ''] = isHere.exec(text!) ?? []
    const lines = text!.replace(isHere, '').trim().split('\n')
    return whole === '' ? lines : [...lines, whole]
  })
}

test('the five minutes of its README end as they say', async () => {
  const folder = temporaryFolder()
  const host = loopbackAddresses().next()
  writeFileSync(join(folder, 'npx'), NPX, { mode: 0o755 })
  const env = {
    ...process.env,
    ...{ HOST: host, NODE: process.execPath, SERF_RPC_ADDR: host, NO_COLOR: '1' },
    TSX: import.meta.resolve('tsx'),
    MAIN: join(root, 'packages/agent/src/main.ts'),
    PATH: `${folder}:${process.env['PATH']}`,
  }
  const run = async (...commands: readonly string[]): Promise<string> => {
    const text = commands.join('\n').replaceAll('127.0.0.1', host)
    const { stdout } = await promisify(execFile)('sh', ['-e', '-c', text], { cwd: folder, env })
    return stdout.replaceAll(/ +/g, ' ')
  }
  const start = (command: string): ChildProcess => {
    const text = `exec ${command.replaceAll('127.0.0.1', host)}`
    const child = spawn('sh', ['-c', text], { cwd: folder, env, stdio: 'ignore' })
    reapWithUs(child)
    return child
  }

  const [[install, settings], [startAnn], [startBob], look, [ringAtBob, log]] = blocksBelow(
    'Five minutes',
  ) as [string[], string[], string[], string[], string[]]
  expect(install).toBe('npm install @libring/agent')
  await run(settings!)
  const [ann, bob] = [start(startAnn!), start(startBob!)]
  try {
    const ring = async (): Promise<string> => run('npx libring ring').catch(String)
    await expect.poll(ring, PATIENCE).toMatch(/│ ann │ 1 │ │ 8 │ 8 │[^]*│ bob │ 1 │ │ 8 │ 8 │/)
    const over = once(ann, 'exit')
    const seen = await run(...look)
    expect(seen).toMatch(/│ ann │ [\d.:]+7946 │ alive │/)
    expect(seen).toMatch(/^partition \d+$/m)
    expect(seen).toMatch(/^8 moves$/m)
    expect(seen).toMatch(/^the agent hands over, and leaves$/m)
    expect(await over).toEqual([0, null])
    expect(await run(ringAtBob!)).toMatch(/│ bob │ 1 │ │ 16 │ 16 │/)
    const takenByBob = async () => (await run(log!)).match(/^bob takes \d+$/gm)?.length
    await expect.poll(takenByBob, PATIENCE).toBe(16)
    expect((await run(log!)).match(/^ann lets go of \d+$/gm)).toHaveLength(8)
    const ended = once(bob, 'exit')
    bob.kill('SIGINT')
    expect(await ended).toEqual([0, null])
  } finally {
    for (const child of [ann, bob]) child.kill('SIGKILL')
  }
})
